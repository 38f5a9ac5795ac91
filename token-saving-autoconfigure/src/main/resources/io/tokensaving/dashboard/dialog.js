import { button, h, newId } from './dom.js';
import { hasText, keys, t } from './messages.js';

/**
 * Opens a modal dialog.
 * @param {string} title
 * @param {Array} content
 * @param {object} [options] `action`: label of the button that confirms; `danger`; `onConfirm()`: is awaited, and the
 * dialog stays open with the error if it fails, or if it returns false; `wide`
 * @returns {{element: HTMLDialogElement, confirm: ?HTMLButtonElement}}
 */
export function open(title, content, { action, danger, onConfirm, wide } = {}) {
	const id = newId();
	const error = h('div', { class: 'alert', role: 'alert', hidden: true });
	const element = h('dialog', { 'aria-labelledby': id, class: wide ? 'wide' : null });
	const confirm = action && button(action, null, { class: danger ? 'danger' : 'primary' });
	confirm?.addEventListener('click', async () => {
		confirm.disabled = true;
		error.hidden = true;
		try {
			if (await onConfirm() !== false) {
				element.close();
			}
		}
		catch (failure) {
			error.textContent = failure.message;
			error.hidden = false;
		}
		finally {
			confirm.disabled = false;
		}
	});
	element.append(h('h2', { id }, title), h('div', { class: 'content' }, content), error,
		h('footer', {}, button(t(action ? 'cancel' : 'close'), () => element.close()), confirm));
	element.addEventListener('close', () => element.remove());
	document.body.append(element);
	element.showModal();
	return { element, confirm };
}

/** Asks for a text to be typed before something is done that cannot be undone. */
export function confirmTyped({ title, text, phrase, action, onConfirm, content = [] }) {
	const id = newId();
	const input = h('input', { id, type: 'text', autocomplete: 'off', spellcheck: 'false' });
	const dialog = open(title, [h('p', {}, text), content,
		h('label', { for: id }, t('confirm.type', phrase)), input], { action, danger: true, onConfirm });
	const check = () => {
		dialog.confirm.disabled = input.value !== phrase;
	};
	input.addEventListener('input', check);
	check();
	return dialog;
}

/** Shows what the figures mean, beginning with one of them. */
export function showDefinitions(name) {
	const terms = keys('term.').filter((key) => hasText(`definition.${key.slice(5)}`)).map((key) => {
		const id = key.slice(5);
		const current = id === name;
		return h('div', { class: current ? 'current' : null, tabindex: current ? '-1' : null },
			h('dt', {}, t(key)), h('dd', {}, t(`definition.${id}`)));
	});
	const { element } = open(t('definitions'), [h('dl', { class: 'definitions' }, terms)], { wide: true });
	const current = element.querySelector('.current');
	current?.focus();
	current?.scrollIntoView({ block: 'center' });
}

/** Creates the name of a figure, which shows its definition. */
export function term(name) {
	return button(t(`term.${name}`), () => showDefinitions(name), { class: 'term', title: t(`definition.${name}`),
		data: { key: `term.${name}` } });
}
