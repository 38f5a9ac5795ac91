/**
 * Creates an element. Texts become text nodes, never markup.
 * @param {string} tag
 * @param {object} [props] attributes; `on` holds listeners, `data` the data attributes,
 * `style` custom properties; null and false are left out
 * @param {...(Node|string|number|null|false|Array)} children
 * @returns {HTMLElement}
 */
export function h(tag, props, ...children) {
	const element = document.createElement(tag);
	for (const [name, value] of Object.entries(props ?? {})) {
		if (name === 'on') {
			Object.entries(value).forEach(([type, listener]) => element.addEventListener(type, listener));
		}
		else if (name === 'data') {
			Object.assign(element.dataset, value);
		}
		else if (name === 'style') {
			Object.entries(value).forEach(([key, text]) => element.style.setProperty(key, text));
		}
		else if (value != null && value !== false) {
			element.setAttribute(name, value === true ? '' : value);
		}
	}
	element.append(...nodes(children));
	return element;
}

function nodes(children) {
	return children.flat(Infinity).filter((child) => child != null && child !== false);
}

/**
 * Replaces the content of an element and keeps what the user had there: the focus, and
 * which details are unfolded. Elements are recognised by their attribute `data-key`.
 */
export function replace(element, ...children) {
	const focused = element.contains(document.activeElement) ? document.activeElement.dataset.key : null;
	const open = [...element.querySelectorAll('details[open][data-key]')].map((each) => each.dataset.key);
	element.replaceChildren(...nodes(children));
	for (const details of element.querySelectorAll('details[data-key]')) {
		details.open ||= open.includes(details.dataset.key);
	}
	if (focused) {
		find(element, focused)?.focus({ preventScroll: true });
	}
}

function find(element, key) {
	return [...element.querySelectorAll('[data-key]')].find((each) => each.dataset.key === key);
}

let ids = 0;

/** Returns an id that no other element has. */
export function newId() {
	return `id${++ids}`;
}

/** Creates a button. */
export function button(text, onClick, props) {
	return h('button', { type: 'button', ...props, on: { click: onClick } }, text);
}
