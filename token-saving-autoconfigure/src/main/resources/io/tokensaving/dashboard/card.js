import { term } from './dialog.js';
import { button, h, newId, replace } from './dom.js';
import { t } from './messages.js';

/**
 * A part of a page with a heading, which knows the states of what is read: loading,
 * failed, empty, and counted by this instance only.
 */
export class Card {

	/**
	 * @param {string} key the message of the heading, with `.empty` behind it the one for nothing
	 * @param {object} [options] `size`: full, wide, half or narrow; `actions`: nodes beside the heading
	 */
	constructor(key, { size = 'half', actions = [] } = {}) {
		const id = newId();
		this.key = key;
		this.note = h('p', { class: 'note', hidden: true });
		this.actions = h('div', { class: 'actions' }, actions);
		this.body = h('div', { class: 'body' }, h('div', { class: 'skeleton' }));
		this.element = h('section', { class: `card ${size}`, 'aria-labelledby': id, 'aria-busy': 'true', data: { card: key } },
			h('header', {}, h('h2', { id }, t(key)), this.actions), this.body, this.note);
	}

	/** Shows content in place of what was there. */
	show(...content) {
		this.settled();
		replace(this.body, ...content);
	}

	/** Shows that there is nothing, and why. */
	empty(key = `${this.key}.empty`, ...more) {
		this.show(h('div', { class: 'empty' }, h('p', {}, t(key)), more));
	}

	/** Shows what failed; what was read before stays, marked as old. */
	failed(error, retry) {
		const first = this.element.hasAttribute('aria-busy');
		this.settled();
		const message = h('div', { class: 'alert', role: 'alert' }, h('p', {}, error.message),
			button(t('retry'), retry, { class: 'small' }));
		if (first) {
			replace(this.body, message);
		}
		else {
			this.body.querySelector(':scope > .alert')?.remove();
			this.body.prepend(message);
		}
	}

	settled() {
		this.element.removeAttribute('aria-busy');
	}

	/** Says whose requests are shown, if it is not those of all instances. */
	scope(scope, instance) {
		this.note.hidden = scope !== 'instance';
		if (scope === 'instance') {
			replace(this.note, term('scope'), ` (${instance})`);
		}
	}

}
