import { get, send } from './api.js';
import { Card } from './card.js';
import { resolve } from './conflict.js';
import { button, h, newId, replace } from './dom.js';
import { showForecast } from './forecast.js';
import { SettingsForm } from './form.js';
import { count, figure, share, usd } from './format.js';
import { t } from './messages.js';
import { diff, flatten, read, same } from './patch.js';
import { chooseMode, evict, inWorkspace, isEditable, modeBadge, modeOf, remove, resume, suspensions } from './plan-actions.js';
import { go, href } from './route.js';
import { print } from './settings.js';
import { table } from './table.js';

const MODES = ['active', 'shadow', 'off'];

const FORECAST_SECONDS = 60;

const REDRAW_MS = 200;

/** Shows a plan, or the form of a new one. */
export async function show(view, { id, params }, heading) {
	if (id !== null) {
		new PlanPage(view, heading, id, params.getAll('set')).read();
		return;
	}
	heading.textContent = t('plan.new');
	const copied = params.get('copy');
	let settings = {};
	try {
		settings = copied === null ? {} : (await get(['plans', copied], inWorkspace({ fields: 'settings' }), view.signal)).settings;
	}
	catch (error) {
		view.app.announce(error.message);
	}
	const page = new PlanPage(view, heading, null, []);
	page.edit({ id: copied === null ? '' : `${copied}-2`, settings, source: 'stored' });
}

class PlanPage {

	#view;

	#heading;

	#id;

	#changes;

	#plan = null;

	#state = { original: {}, edited: {} };

	#forecast = null;

	#overriding = false;

	#form;

	#redraw;

	constructor(view, heading, id, changes) {
		this.#view = view;
		this.#heading = heading;
		this.#id = id;
		this.#changes = changes;
		this.form = new Card('plan.form', { size: 'full' });
		this.patch = new Card('plan.patch', { size: 'full' });
		this.figures = new Card('plan.figures', { size: 'full' });
		this.forecast = new Card('plan.forecast', { size: 'full' });
		this.compare = new Card('plan.compare', { size: 'full' });
		// They have something to show once the plan is there
		this.patch.show();
		this.compare.show();
		view.addColumn('wide', this.form);
		view.addColumn('narrow', this.patch, ...(id === null ? [] : [this.forecast, this.figures, this.compare]));
	}

	get #writable() {
		return this.#view.app.session.writable;
	}

	/** Reads the plan and its forecast. */
	read() {
		this.#heading.textContent = t('plan.title', this.#id);
		this.reload = this.#view.read({ path: ['plans', this.#id], cards: [this.form, this.figures], every: 0, show: (plan) => this.edit(plan) });
		this.#view.read({ path: ['plans', this.#id, 'forecast'], cards: [this.forecast], every: FORECAST_SECONDS, show: (forecast) => {
			this.#forecast = forecast;
			this.#showForecast();
		} });
	}

	/** Shows a plan in the form. */
	edit(plan) {
		this.#plan = plan;
		this.#state.original = plan.settings;
		this.#state.edited = structuredClone(plan.settings);
		this.#showForm();
		for (const change of this.#changes.splice(0)) {
			const at = change.indexOf('=');
			this.#form.set(change.slice(0, at), change.slice(at + 1));
		}
		if (this.#id !== null) {
			this.#showHead();
			this.#showFigures();
			this.#showCompare();
		}
		this.#changed();
	}

	get #editable() {
		return this.#writable && (this.#id === null || this.#overriding || isEditable(this.#plan));
	}

	#showHead() {
		const plan = this.#plan;
		const { app } = this.#view;
		const act = (name, onClick, danger) => button(t(name), onClick, { class: danger ? 'danger' : null, data: { key: name } });
		replace(document.getElementById('page-actions'), modeBadge(modeOf(plan.settings)), h('span', { class: 'hint' }, t(`source.${plan.source}`),
			plan.version && ` \u00b7 ${t('version', plan.version)}`), this.#writable && [
			isEditable(plan) && act('mode', () => chooseMode(plan, app, this.reload)),
			!this.#editable && plan.source === 'configuration' && act('override', () => {
				this.#overriding = true;
				this.edit(plan);
			}),
			act('copy', () => go('plans', null, { copy: plan.id, new: '1' })),
			suspensions.of(plan).length > 0 && act('resume', () => resume(plan.id, app, this.reload)),
			act('evict', () => evict(plan.id, app)),
			isEditable(plan) && act('delete', () => remove(plan, app, () => go('plans')), true)]);
	}

	#showForm() {
		this.#form = new SettingsForm(this.#state, !this.#editable, () => this.#changed());
		const isNew = this.#id === null;
		this.idInput = h('input', { id: newId(), type: 'text', value: this.#plan.id, required: true, maxlength: 64, autocomplete: 'off', spellcheck: 'false' });
		this.idInput.addEventListener('input', () => this.#changed());
		this.modeInput = h('select', { id: newId(), disabled: !this.#editable, data: { key: 'mode' } }, MODES.map((mode) =>
			h('option', { value: mode, selected: mode === modeOf(this.#state.edited) }, t(`mode.${mode}`))));
		this.modeInput.addEventListener('change', () => {
			this.#state.edited.mode = this.modeInput.value;
			if (this.modeInput.value === 'active' && this.#state.original.mode === undefined) {
				delete this.#state.edited.mode;
			}
			this.#changed();
		});
		this.form.show(
			!this.#editable && h('p', { class: 'info' }, t(this.#writable ? 'plan.read-only' : 'plan.no-access')),
			h('div', { class: 'form-grid' },
				isNew && h('div', { class: 'field' }, h('label', { for: this.idInput.id }, t('plan.id')), this.idInput, h('p', { class: 'hint' }, t('plan.id.hint'))),
				h('div', { class: 'field' }, h('label', { for: this.modeInput.id }, t('mode')), this.modeInput, h('p', { class: 'hint' }, t('mode.hint')))),
			this.#form.element, this.#jsonEditor());
	}

	#jsonEditor() {
		const id = newId();
		const message = h('p', { class: 'error', role: 'alert', hidden: true });
		this.json = h('textarea', { id, rows: 14, spellcheck: 'false', readonly: !this.#editable, data: { key: 'json' } });
		const apply = () => {
			try {
				const parsed = JSON.parse(this.json.value);
				if (parsed === null || typeof parsed !== 'object' || Array.isArray(parsed)) {
					throw new SyntaxError(t('json.object'));
				}
				this.#state.edited = parsed;
				this.#form.render();
				this.modeInput.value = modeOf(parsed);
				message.hidden = true;
				this.#changed();
			}
			catch (error) {
				message.textContent = error.message;
				message.hidden = false;
			}
		};
		return h('details', { class: 'json', data: { key: 'json-editor' } }, h('summary', {}, h('h3', {}, t('json.title'))),
			h('label', { for: id, class: 'hint' }, t('json.hint')), this.json, message, this.#editable && button(t('json.apply'), apply));
	}

	#changed() {
		this.#showPatch();
		if (document.activeElement !== this.json) {
			this.json.value = JSON.stringify(this.#state.edited, null, 2);
		}
		clearTimeout(this.#redraw);
		this.#redraw = setTimeout(() => this.#showForecast(), REDRAW_MS);
	}

	#body() {
		return this.#id === null ? { id: this.idInput.value.trim(), ...this.#state.edited }
			: { version: this.#plan.version, ...diff(this.#state.original, this.#state.edited) };
	}

	#showPatch() {
		const body = this.#body();
		const empty = this.#id === null ? body.id === '' : Object.keys(body).every((name) => name === 'version');
		this.patch.element.hidden = !this.#editable;
		this.alert = h('div', { class: 'alert', role: 'alert', hidden: true });
		this.patch.show(h('p', { class: 'hint' }, t(this.#id === null ? 'plan.patch.new' : empty ? 'plan.patch.none' : 'plan.patch.hint')),
			!empty && h('pre', { tabindex: '0' }, JSON.stringify(body, null, 2)), this.alert,
			h('div', { class: 'buttons' },
				button(t(this.#id === null ? 'plans.create' : 'save'), (event) => this.#save(event.currentTarget), { class: 'primary', disabled: empty, data: { key: 'save' } }),
				this.#id !== null && button(t('undo'), () => this.edit(this.#plan), { disabled: empty, data: { key: 'undo' } }),
				h('a', { class: 'button ghost', href: href('plans') }, t('plan.back'))));
	}

	async #save(pressed) {
		pressed.disabled = true;
		this.alert.hidden = true;
		try {
			if (this.#id === null) {
				const created = await send('POST', 'plans', inWorkspace(), this.#body());
				this.#view.app.announce(t('plan.created', created.id));
				go('plans', created.id);
			}
			else {
				this.#saved(await send('POST', ['plans', this.#id], inWorkspace(), this.#body()));
			}
		}
		catch (error) {
			pressed.disabled = false;
			if (this.#id !== null && error.status === 409 && error.currentVersion && error.currentVersion !== this.#plan.version) {
				await this.#conflict();
				return;
			}
			this.alert.textContent = error.message;
			this.alert.hidden = false;
			if (error.field === 'id') {
				this.idInput.focus();
			}
			else {
				this.#form.showError(error);
			}
		}
	}

	#saved(plan) {
		this.#view.app.announce(t('plan.saved', plan.id, plan.version));
		this.edit(plan);
	}

	async #conflict() {
		const theirs = await get(['plans', this.#id], inWorkspace());
		resolve(this.#state.original, this.#state.edited, theirs, async (merged) => this.#saved(await send('POST', ['plans', this.#id], inWorkspace(),
			{ version: theirs.version, ...diff(theirs.settings, merged) })));
	}

	#showForecast() {
		if (this.#forecast && this.#plan) {
			showForecast(this.forecast, this.#forecast, this.#state.edited, this.#editable ? (path, value) => this.#form.set(path, value) : null);
		}
	}

	#showFigures() {
		const { stats } = this.#plan;
		const row = (name, format) => h('div', {}, h('dt', {}, t(`column.${name}`)), h('dd', {}, figure(stats[name], format, name)));
		this.figures.scope(stats.scope, this.#view.app.session.instance);
		this.figures.show(h('dl', { class: 'figures' }, row('total_requests', count), row('cache_hit_rate', share), row('cost_saved_usd', usd),
			row('overhead_usd', usd), row('tokens_saved', count), row('tokens_bought', count)),
		h('p', {}, h('a', { href: href('overview', null, { plan: this.#id }) }, t('plan.to-overview')), ' \u00b7 ',
			h('a', { href: href('risks', null, { plan: this.#id }) }, t('plan.to-risks'))));
	}

	#showCompare() {
		const input = h('input', { id: newId(), type: 'text', list: 'names-plan', autocomplete: 'off', data: { key: 'compare' } });
		const result = h('div', { 'aria-live': 'polite' });
		const run = async () => {
			try {
				const other = (await get(['plans', input.value.trim()], inWorkspace({ fields: 'settings' }))).settings;
				const paths = [...new Set([...flatten(this.#plan.settings), ...flatten(other)].map(([path]) => path))]
					.filter((path) => !same(read(this.#plan.settings, path), read(other, path)));
				const side = (label, settings) => ({ label, cell: (path) => print(read(settings, path)) || t('unset') });
				replace(result, paths.length === 0 ? h('p', {}, t('plan.compare.same')) : table('plan.compare', [
					{ label: t('column.setting'), cell: (path) => path }, side(this.#id, this.#plan.settings), side(input.value.trim(), other)], paths));
			}
			catch (error) {
				replace(result, h('p', { class: 'alert' }, error.message));
			}
		};
		this.compare.show(h('label', { for: input.id }, t('plan.compare.with')), h('div', { class: 'inline' }, input, button(t('plan.compare.run'), run)), result);
	}

}
