import { h } from './dom.js';
import { t } from './messages.js';

const formats = new Map();

function number(options) {
	const key = JSON.stringify(options);
	if (!formats.has(key)) {
		formats.set(key, new Intl.NumberFormat(document.documentElement.lang, options));
	}
	return formats.get(key);
}

/** Formats US dollars; amounts below a cent with four digits that count, so that none becomes 0. */
export function usd(value) {
	const size = Math.abs(value);
	return number({ style: 'currency', currency: 'USD', ...(value !== 0 && size < 0.01 ? { maximumSignificantDigits: 4 }
		: { minimumFractionDigits: 2, maximumFractionDigits: size < 1 ? 4 : 2 }) }).format(value);
}

/** Formats a number of requests or tokens; large ones in thousands, millions and so on. */
export function count(value) {
	return Math.abs(value) < 100_000 ? number({ maximumFractionDigits: 0 }).format(value)
		: number({ notation: 'compact', maximumSignificantDigits: 4 }).format(value);
}

/** Formats a share from 0 to 1. */
export function share(value) {
	const small = value !== 0 && Math.abs(value) < 0.001;
	return number({ style: 'percent', ...(small ? { maximumSignificantDigits: 2 } : { minimumFractionDigits: 1, maximumFractionDigits: 1 }) })
		.format(value);
}

/** Formats a similarity or a threshold. */
export function similarity(value) {
	return number({ minimumFractionDigits: 2, maximumFractionDigits: 4 }).format(value);
}

/** Formats a number without a unit, with up to four decimals. */
export function plain(value) {
	return number({ maximumFractionDigits: 4 }).format(value);
}

/** Formats milliseconds. */
export function ms(value) {
	const digits = number({ maximumSignificantDigits: 3 });
	return value < 1000 ? `${digits.format(value)}\u00a0ms` : `${digits.format(value / 1000)}\u00a0s`;
}

/** Formats bytes. */
export function bytes(value) {
	const power = value > 0 ? Math.min(3, Math.floor(Math.log2(value) / 10)) : 0;
	return number({ style: 'unit', unit: ['byte', 'kilobyte', 'megabyte', 'gigabyte'][power], maximumSignificantDigits: 3 })
		.format(value / 1024 ** power);
}

/** Formats an interval of shares. */
export function interval(lower, upper) {
	return t('interval', share(lower), share(upper));
}

/**
 * Shows a number as an element that holds the exact value.
 * @param {?number} value
 * @param {function(number): string} format
 * @param {string} [name] the figure, for those who look for it in the page
 */
export function figure(value, format, name) {
	if (value == null || Number.isNaN(value)) {
		return h('span', { class: 'none', title: t('unknown.title') }, t('unknown'));
	}
	return h('data', { value: exact(value), title: `${exact(value)}${format === usd ? ' USD' : ''}`,
		class: value < 0 ? 'negative' : null, ...(name ? { 'data-figure': name } : {}) }, format(value));
}

function exact(value) {
	return Number.isInteger(value) ? String(value) : value.toFixed(12).replace(/\.?0+$/, '');
}

function date(options, value) {
	return new Intl.DateTimeFormat(document.documentElement.lang, options).format(value);
}

/** Formats a day that is counted in UTC, such as 2026-01-31. */
export function day(value) {
	return date({ day: 'numeric', month: 'short', timeZone: 'UTC' }, new Date(value));
}

/** Formats the hour of an instant in local time. */
export function hour(value) {
	return date({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }, new Date(value));
}

/** Shows an instant in local time, with the seconds for what has just happened. */
export function time(value) {
	if (!value) {
		return figure(null);
	}
	const at = new Date(value);
	const today = at.toDateString() === new Date().toDateString();
	const text = date({ ...(today ? {} : { day: 'numeric', month: 'short' }), hour: '2-digit', minute: '2-digit',
		...(today ? { second: '2-digit' } : {}), hourCycle: 'h23' }, at);
	return h('time', { datetime: value, title: date({ dateStyle: 'long', timeStyle: 'long' }, at) }, text);
}
