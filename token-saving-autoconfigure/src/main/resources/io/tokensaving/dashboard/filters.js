import { button, h, newId, replace } from './dom.js';
import { t } from './messages.js';
import { DAYS, filters, setFilters } from './route.js';

/** Names that were seen, offered to whoever types a filter. */
const seen = { plan: new Set(), feature: new Set(), model: new Set() };

/** Remembers names of plans, features or models that a filter can have. */
export function offer(kind, names) {
	const list = document.getElementById(`names-${kind}`);
	for (const name of names) {
		if (name && !seen[kind].has(name)) {
			seen[kind].add(name);
			list?.append(h('option', { value: name }));
		}
	}
}

/**
 * Shows the filters that a page has.
 * @param {HTMLElement} element where they are shown
 * @param {string[]} names those that the page has
 * @param {string} workspace the application's own
 */
export function showFilters(element, names, workspace) {
	element.hidden = names.length === 0;
	const fields = names.filter((name) => name !== 'days');
	const set = fields.filter((name) => filters[name]);
	const form = h('div', { id: 'filter-fields', class: 'fields' }, fields.map((name) => field(name, workspace)),
		set.length > 0 && button(t('filter.clear'), () => setFilters(Object.fromEntries(set.map((name) => [name, null]))),
			{ class: 'small ghost', data: { key: 'filter.clear' } }));
	const toggle = fields.length > 0 && button(set.length ? t('filter.count', set.length) : t('filter'), () => {
		toggle.setAttribute('aria-expanded', element.classList.toggle('open'));
	}, { class: 'small more', 'aria-expanded': String(element.classList.contains('open')), 'aria-controls': 'filter-fields', data: { key: 'filter.more' } });
	replace(element, names.includes('days') && range(), toggle, form);
}

function range() {
	return h('div', { class: 'segments', role: 'group', 'aria-label': t('filter.days') }, DAYS.map((days) =>
		button(t(`days.${days}`), () => setFilters({ days }),
			{ 'aria-pressed': String(filters.days === days), data: { key: `days.${days}` } })));
}

function field(name, workspace) {
	const id = newId();
	const input = h('input', { id, type: 'search', value: filters[name] ?? '', list: seen[name] ? `names-${name}` : null,
		placeholder: name === 'workspace' ? workspace : t('filter.all'), autocomplete: 'off', spellcheck: 'false',
		data: { key: `filter.${name}` }, class: filters[name] ? 'set' : null });
	input.addEventListener('change', () => setFilters({ [name]: input.value.trim() || null }));
	return h('div', { class: 'filter' }, h('label', { for: id }, t(`filter.${name}`)), input,
		seen[name] && h('datalist', { id: `names-${name}` }, [...seen[name]].map((value) => h('option', { value }))));
}
