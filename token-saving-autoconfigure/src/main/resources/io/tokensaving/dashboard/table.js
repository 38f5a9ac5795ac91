import { h } from './dom.js';
import { figure } from './format.js';
import { t } from './messages.js';

/** By which column the tables are sorted that the user has sorted, by the key of the table. */
const sorted = new Map();

/**
 * Creates a table whose columns can be sorted.
 * @param {string} key the message that says what it shows; for which table the order is kept
 * @param {Array<object>} columns `label`; `cell(row)` returns what is shown; `value(row)` a number or text to
 * sort by, which makes it sortable; `number` for numbers
 * @param {Array} rows
 * @returns {HTMLElement}
 */
export function table(key, columns, rows) {
	const body = h('tbody');
	const heads = columns.map((column, index) => {
		const head = h('th', { scope: 'col', class: column.number ? 'number' : null });
		head.append(column.value ? h('button', { type: 'button', class: 'sort', data: { key: `${key}.${index}` },
			on: { click: () => sort(index) } }, column.label) : h('span', {}, column.label));
		return head;
	});

	function sort(index) {
		const old = sorted.get(key);
		const descending = old?.index === index ? !old.descending : Boolean(columns[index].number);
		sorted.set(key, { index, descending });
		fill();
	}

	function fill() {
		const order = sorted.get(key);
		heads.forEach((head, index) => order?.index === index
			? head.setAttribute('aria-sort', order.descending ? 'descending' : 'ascending') : head.removeAttribute('aria-sort'));
		const shown = order ? [...rows].sort(comparator(columns[order.index].value, order.descending)) : rows;
		body.replaceChildren(...shown.map((row) => h('tr', {}, columns.map((column, index) =>
			h(index ? 'td' : 'th', { scope: index ? null : 'row', class: column.number ? 'number' : null }, column.cell(row))))));
	}

	fill();
	return h('div', { class: 'scroll', role: 'group', tabindex: '0', 'aria-label': t(key), data: { key: `${key}.scroll` } },
		h('table', {}, h('thead', {}, h('tr', {}, heads)), body));
}

function comparator(value, descending) {
	const sign = descending ? -1 : 1;
	return (first, second) => {
		const [a, b] = [value(first), value(second)];
		if (a == null || b == null) {
			return (a == null) - (b == null);
		}
		return sign * (typeof a === 'string' ? a.localeCompare(b) : a - b);
	};
}

/**
 * Creates a column of figures.
 * @param {string} name the figure; `column.` before it is the message of the heading
 * @param {function(number): string} format
 * @param {function(object): ?number} [read] by default the value of that name
 * @param {function(object): *} [more] what else is shown below the figure
 */
export function numbers(name, format, read = (row) => row[name], more = () => null) {
	return { label: t(`column.${name}`), number: true, value: read, cell: (row) => {
		const below = more(row);
		return [figure(read(row), format, name), below && h('small', {}, below)];
	} };
}

/** Creates buttons to page through rows; nothing if all are on one page. */
export function pager(page, size, total, onPage) {
	if (total <= size) {
		return null;
	}
	const to = (label, target, enabled) => h('button', { type: 'button', class: 'small', disabled: !enabled,
		data: { key: label }, on: { click: () => onPage(target) } }, t(label));
	return h('div', { class: 'pager' },
		h('span', {}, t('pager', page * size + 1, Math.min(total, (page + 1) * size), total)),
		to('pager.previous', page - 1, page > 0), to('pager.next', page + 1, (page + 1) * size < total));
}
