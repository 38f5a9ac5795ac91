import { button, h } from './dom.js';
import { count } from './format.js';
import { t } from './messages.js';
import { table } from './table.js';

const HEIGHT_REM = 16;

const TILE = 8;

// What is drawn grows with the size of the text, as all else does
function rem() {
	return parseFloat(getComputedStyle(document.documentElement).fontSize);
}

/** Which charts the user looks at as tables, by their keys. */
const asTable = new Set();

/** Charts in the page, which are painted anew in the colours of another theme. */
const painted = new Set();

const probe = h('i', { hidden: true });

function color(name) {
	probe.style.color = `var(--${name})`;
	return getComputedStyle(probe).color;
}

// Series differ by pattern too, so that colour alone tells nothing
const PATTERNS = [
	() => {},
	(context) => line(context, [-2, 10, 10, -2], [-6, 6, 6, -6], [2, 14, 14, 2]),
	(context) => line(context, [0, 4, 8, 4]),
	(context) => line(context, [-2, -2, 10, 10], [-6, 2, 6, 14], [2, -6, 14, 6]),
	(context) => line(context, [4, 0, 4, 8]),
	(context) => context.fillRect(2, 2, 3, 3),
	(context) => line(context, [0, 4, 8, 4], [4, 0, 4, 8]),
	(context) => line(context, [-2, 10, 10, -2], [-2, -2, 10, 10])
];

function line(context, ...segments) {
	for (const [x0, y0, x1, y1] of segments) {
		context.beginPath();
		context.moveTo(x0, y0);
		context.lineTo(x1, y1);
		context.stroke();
	}
}

function tile(fill, pattern) {
	const canvas = document.createElement('canvas');
	canvas.width = TILE;
	canvas.height = TILE;
	const context = canvas.getContext('2d');
	context.fillStyle = fill;
	context.fillRect(0, 0, TILE, TILE);
	context.strokeStyle = color('surface');
	context.fillStyle = color('surface');
	context.lineWidth = 1.2;
	PATTERNS[pattern % PATTERNS.length](context);
	return canvas;
}

function fill(series) {
	const canvas = tile(color(series.color), series.pattern ?? 0);
	return canvas.getContext('2d').createPattern(canvas, 'repeat');
}

// The swatch of a line shows its dashes, that of a bar its pattern
function swatch(series) {
	const canvas = h('canvas', { width: 22, height: 14, class: 'swatch', 'aria-hidden': 'true' });
	const context = canvas.getContext('2d');
	if (series.bars) {
		context.fillStyle = fill(series);
		context.fillRect(4, 0, 14, 14);
		return canvas;
	}
	context.strokeStyle = color(series.color);
	context.lineWidth = 2.5;
	context.setLineDash(series.dash ?? []);
	line(context, [0, 7, 22, 7]);
	return canvas;
}

/**
 * Creates a chart with a legend that follows the pointer, and the same as a table behind a button.
 * @param {string} key the message that names the chart
 * @param {string} sentence what it shows, for those who do not see it
 * @param {object} x `label`, `values` (ascending numbers), `format(value)`; `utc` for times in seconds that are days
 * in UTC, `local` for other times; `step`, the distance of two values
 * @param {Array<object>} series `label`, `values` (null for none), `color` (the name of a CSS variable); `bars`
 * for bars, which stand on those before them, with `pattern`; `dash` for lines; `format`, by default that of the
 * axis; `band` if the space to the series before it is filled; `scale: 'right'` for the axis at the right
 * @param {object} y `format(value)` of the left axis, `right(value)` of the right one if there is one; `max`
 * @param {Array<object>} [marks] vertical lines: `x`, `label`
 */
export function chart({ key, sentence, x, series, y, marks = [] }) {
	const plot = h('div', { class: 'plot', role: 'img', 'aria-label': sentence });
	const legend = h('ul', { class: 'legend' });
	const values = h('div', { hidden: true },
		table(key, [{ label: x.label, cell: (index) => x.format(x.values[index]), value: (index) => x.values[index] },
			...series.map((each) => ({ label: each.label, number: true, value: (index) => each.values[index],
				cell: (index) => each.values[index] == null ? t('unknown') : (each.format ?? y.format)(each.values[index]) }))],
			x.values.map((value, index) => index)));
	const toggle = button('', () => {
		asTable.has(key) ? asTable.delete(key) : asTable.add(key);
		show();
	}, { class: 'small ghost', data: { key: `${key}.table` } });
	const element = h('div', { class: 'chart' }, plot, legend, values, h('div', { class: 'chart-tools' }, toggle));

	function show() {
		const rows = asTable.has(key);
		toggle.textContent = t(rows ? 'chart.as-chart' : 'chart.as-table');
		toggle.setAttribute('aria-expanded', rows);
		values.hidden = !rows;
	}

	let width = 0;
	let uplot;
	const paint = () => {
		if (width > 0) {
			uplot?.destroy();
			uplot = new uPlot(options({ x, series, y, marks, width, legend }), data(x, series), plot);
			legendOf(legend, series, marks, x, y, null);
		}
	};
	const observer = new ResizeObserver(([entry]) => {
		if (!element.isConnected) {
			observer.disconnect();
			painted.delete(paint);
			uplot?.destroy();
		}
		else if (Math.floor(entry.contentRect.width) !== width) {
			width = Math.floor(entry.contentRect.width);
			paint();
		}
	});
	observer.observe(plot);
	painted.add(paint);
	show();
	return element;
}

/** Paints all charts in the colours of the present theme. */
export function repaint() {
	painted.forEach((paint) => paint());
}

// Bars stand on those before them: the highest is drawn first, and the others over it
function data(x, series) {
	const sums = x.values.map(() => 0);
	const tops = new Map(series.filter((each) => each.bars).map((each) => [each, each.values.map((value, index) => {
		sums[index] += Math.max(0, value ?? 0);
		return sums[index];
	})]));
	return [x.values, ...drawn(series).map((each) => tops.get(each) ?? each.values)];
}

function drawn(series) {
	return [...series.filter((each) => each.bars).reverse(), ...series.filter((each) => !each.bars)];
}

function legendOf(legend, series, marks, x, y, index) {
	legend.replaceChildren(...(index == null ? [] : [h('li', { class: 'at' }, x.format(x.values[index]))]),
		...series.map((each) => h('li', {}, swatch(each), each.label, index == null ? null
			: h('b', {}, each.values[index] == null ? t('unknown') : (each.format ?? y.format)(each.values[index])))),
		...(index == null ? marks.map((mark) => h('li', { class: 'mark' }, mark.label)) : []));
}

/** Whether a tick would stand for a part of something that is counted. */
function countsHalves(y, value) {
	return y.format === count && !Number.isInteger(value);
}

function options({ x, series, y, marks, width, legend }) {
	const text = color('muted');
	const grid = { stroke: color('line'), width: 1 };
	const axis = { stroke: text, grid, ticks: { show: false }, font: `${rem() * 0.75}px ${getComputedStyle(document.body).fontFamily}` };
	const padding = x.step ? x.step * 0.6 : 0;
	const order = drawn(series);
	const plotted = order.map((each) => ({
		label: each.label, scale: each.scale ?? 'y', points: { show: !each.bars && x.values.length < 40, size: 5 }, spanGaps: true,
		...(each.bars ? { fill: fill(each), width: 0, paths: uPlot.paths.bars({ size: [0.72, 64] }) }
			: { stroke: color(each.color), width: 2, dash: each.dash })
	}));
	return {
		width, height: rem() * HEIGHT_REM, padding: [12, 12, 0, 0], legend: { show: false },
		cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
		tzDate: (seconds) => x.utc ? uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC') : new Date(seconds * 1000),
		scales: {
			x: { time: Boolean(x.utc || x.local), range: (plot, min, max) => [min - padding, (max ?? min) + padding] },
			y: { range: (plot, min, max) => [Math.min(0, min ?? 0), y.max ?? (max > 0 ? max * 1.08 : 1)] },
			right: { range: (plot, min, max) => [0, max > 0 ? max * 1.15 : 1] }
		},
		axes: [
			{ ...axis, size: rem() * 2, grid: { show: false }, space: rem() * 4.5, values: (plot, splits) => splits.map(x.format),
				...(x.step ? { incrs: [1, 2, 3, 4, 6, 7, 12, 14, 30].map((factor) => factor * x.step) } : {}) },
			{ ...axis, scale: 'y', size: rem() * 4.2, values: (plot, splits) => splits.map((value) => countsHalves(y, value) ? '' : y.format(value)) },
			...(y.right ? [{ ...axis, scale: 'right', side: 1, size: rem() * 3.7, grid: { show: false },
				values: (plot, splits) => splits.map(y.right) }] : [])
		],
		series: [{}, ...plotted],
		bands: order.flatMap((each, index) => each.band ? [{ series: [index, index + 1], fill: color('band') }] : []),
		hooks: {
			setCursor: [(plot) => legendOf(legend, series, marks, x, y, plot.cursor.idx)],
			draw: [(plot) => marks.forEach((mark, index) => drawMark(plot, mark, text, index))]
		}
	};
}

function drawMark(plot, mark, stroke, index) {
	const at = plot.valToPos(mark.x, 'x', true);
	const { ctx, bbox } = plot;
	if (at < bbox.left || at > bbox.left + bbox.width) {
		return;
	}
	ctx.save();
	ctx.strokeStyle = stroke;
	ctx.fillStyle = stroke;
	ctx.lineWidth = devicePixelRatio;
	ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
	line(ctx, [at, bbox.top, at, bbox.top + bbox.height]);
	ctx.font = `${rem() * 0.7 * devicePixelRatio}px ${getComputedStyle(document.body).fontFamily}`;
	const right = at > bbox.left + bbox.width * 0.7;
	ctx.textAlign = right ? 'right' : 'left';
	ctx.fillText(mark.label, at + (right ? -5 : 5) * devicePixelRatio, bbox.top + rem() * (0.75 + 0.9 * index) * devicePixelRatio);
	ctx.restore();
}

/**
 * Creates horizontal bars with their labels and figures, which need no chart.
 * @param {Array<object>} rows `label` (text or node), `share` from 0 to 1, `value` (what is shown at the end),
 * `color`
 */
export function bars(rows) {
	return h('ul', { class: 'bars' }, rows.map((row) => h('li', {},
		h('span', { class: 'label' }, row.label), h('span', { class: 'value' }, row.value),
		h('span', { class: 'track', 'aria-hidden': 'true' }, h('span', { class: 'fill',
			style: { '--share': `${Math.max(0, Math.min(1, row.share)) * 100}%`, ...(row.color ? { '--color': `var(--${row.color})` } : {}) } })))));
}

document.body.append(probe);
