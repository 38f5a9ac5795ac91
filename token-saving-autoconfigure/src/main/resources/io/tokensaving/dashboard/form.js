import { h, newId, replace } from './dom.js';
import { hasText, t } from './messages.js';
import { fieldOf, parse, print, SECTIONS } from './settings.js';
import { read, same, write } from './patch.js';

const CHOOSING = ['flag', 'choice'];

const INPUT_MODES = { number: 'decimal', whole: 'numeric' };

/**
 * The form of a plan's settings.
 */
export class SettingsForm {

	#errors = new Map();

	/**
	 * @param {object} state `original` and `edited`, the settings; `edited` is changed
	 * @param {boolean} readOnly
	 * @param {function()} onChange is called after each change
	 */
	constructor(state, readOnly, onChange) {
		this.state = state;
		this.readOnly = readOnly;
		this.onChange = onChange;
		this.element = h('div', { class: 'settings' });
		this.render();
	}

	/** Shows the settings as they are now. */
	render() {
		replace(this.element, SECTIONS.map((section) => this.#section(section)));
	}

	/**
	 * Sets a value as if it had been typed.
	 * @param {string} path
	 * @param {*} value a text is read as the field reads it
	 */
	set(path, value) {
		const field = fieldOf(path);
		const parsed = typeof value !== 'string' ? value : field?.type === 'flag' ? value === 'true' : field ? parse(field, value) : value;
		write(this.state.edited, path, parsed);
		this.render();
		const details = this.element.querySelector(`details[data-key="${CSS.escape(`section.${path.split('.')[0]}`)}"]`);
		if (details) {
			details.open = true;
		}
		this.onChange();
	}

	/**
	 * Shows at its field what the server did not accept.
	 * @param {ApiError} error
	 * @returns {boolean} whether the form has the field
	 */
	showError(error) {
		const path = error.field?.replace(/^settings\./, '').replaceAll('-', '_').replace(/\[.*$/, '');
		if (!path || !fieldOf(path)) {
			return false;
		}
		this.#errors.set(path, error.accepted ? t('form.accepted', error.accepted) : error.message);
		this.render();
		const input = this.element.querySelector(`[data-key="${CSS.escape(path)}"]`);
		input.closest('details').open = true;
		input.focus();
		return true;
	}

	#changed(path, value) {
		write(this.state.edited, path, value);
		this.#errors.delete(path);
		this.onChange();
	}

	#section({ name, fields }) {
		const { original, edited } = this.state;
		const on = edited[name] !== undefined;
		const use = h('input', { type: 'checkbox', checked: on, disabled: this.readOnly, data: { key: `use.${name}` } });
		use.addEventListener('change', () => {
			if (use.checked) {
				edited[name] = original[name] ? structuredClone(original[name]) : {};
				write(edited, fields[0].path, read(edited, fields[0].path) ?? fields[0].initial);
			}
			else {
				delete edited[name];
			}
			this.render();
			this.element.querySelector(`[data-key="section.${name}"]`).open = use.checked;
			this.onChange();
		});
		const details = h('details', { data: { key: `section.${name}` }, open: on && !this.element.hasChildNodes() },
			h('summary', {}, h('h3', {}, t(`section.${name}`)), h('span', { class: `badge ${on ? 'ok' : ''}` }, t(on ? 'on' : 'off')),
				!same(original[name], edited[name]) && h('span', { class: 'badge changed' }, t('changed'))),
			h('p', { class: 'hint' }, t(`section.${name}.hint`)),
			h('label', { class: 'use' }, use, t('form.use')),
			on && h('div', { class: 'form-grid' }, fields.map((field) => this.#field(field))));
		return details;
	}

	#field(field) {
		const id = newId();
		const value = read(this.state.edited, field.path);
		const error = this.#errors.get(field.path);
		const props = { id, disabled: this.readOnly, data: { key: field.path }, 'aria-describedby': `${id}-hint`,
			'aria-invalid': error ? 'true' : null };
		const input = this.#input(field, value, props);
		const changed = h('span', { class: 'dot', title: t('changed'), hidden: same(read(this.state.original, field.path), value) });
		input.addEventListener(CHOOSING.includes(field.type) ? 'change' : 'input', () => {
			changed.hidden = same(read(this.state.original, field.path), read(this.state.edited, field.path));
		});
		return h('div', { class: `field${error ? ' invalid' : ''}`, title: hasText(`type.${field.type}`) ? t(`type.${field.type}`) : null }, h('label', { for: id }, label(field), changed), input,
			h('p', { id: `${id}-hint`, class: 'hint' }, error && h('strong', { class: 'error' }, error), hint(field)));
	}

	#input(field, value, props) {
		if (field.type === 'flag') {
			const box = h('input', { ...props, type: 'checkbox', checked: value ?? field.initial });
			box.addEventListener('change', () => this.#changed(field.path, box.checked));
			return box;
		}
		if (field.type === 'choice') {
			const known = value == null || field.options.includes(String(value)) ? field.options : [...field.options, String(value)];
			const select = h('select', props, h('option', { value: '', selected: value == null }, t('form.default', field.initial)),
				known.map((option) => h('option', { value: option, selected: option === String(value) }, option)));
			select.addEventListener('change', () => this.#changed(field.path, select.value || undefined));
			return select;
		}
		const list = field.suggest && newId();
		const input = h('input', { ...props, type: 'text', inputmode: INPUT_MODES[field.type], value: print(value), list, autocomplete: 'off',
			spellcheck: 'false', placeholder: field.initial == null ? null : print(field.initial) });
		input.addEventListener('input', () => this.#changed(field.path, parse(field, input.value)));
		return list ? h('span', { class: 'control' }, input, h('datalist', { id: list }, field.suggest.map((each) => h('option', { value: each }))))
			: input;
	}

}

function label(field) {
	return hasText(`setting.${field.path}`) ? t(`setting.${field.path}`) : field.path.split('.').slice(1).join(' ').replaceAll('_', ' ');
}

function hint(field) {
	const range = field.max != null ? t('form.range', field.min, field.max) : field.min > 0 ? t('form.at-least', field.min) : null;
	return [field.unit ? t(`unit.${field.unit}`) : field.type === 'list' && t('type.list'), range,
		field.initial == null ? null : t('form.initial', String(field.initial))].filter(Boolean).join(' \u00b7 ');
}
