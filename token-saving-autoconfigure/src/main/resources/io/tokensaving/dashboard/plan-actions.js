import { get, send } from './api.js';
import { confirmTyped, open } from './dialog.js';
import { button, h, newId, replace } from './dom.js';
import { count } from './format.js';
import { t } from './messages.js';
import { filters } from './route.js';

const MODES = ['active', 'shadow', 'off'];

const SUSPENDABLE = ['semantic_verification', 'semantic_confirmation', 'route_quality'];

/** What of a plan can be suspended, and where its figures say so. */
export const suspensions = {
	fields: SUSPENDABLE.map((name) => `plans.stats.${name}.suspended`).join(','),
	of: (plan) => SUSPENDABLE.filter((name) => plan.stats?.[name]?.suspended)
};

/** The parameters of every write. */
export function inWorkspace(params) {
	return { workspace: filters.workspace, ...params };
}

/** The mode of a plan as its settings say it. */
export function modeOf(settings) {
	return settings?.mode ?? 'active';
}

/** Whether the page may write a plan: those of the configuration and of code cannot be. */
export function isEditable(plan) {
	return plan.source === 'stored' || plan.source === 'override';
}

/** Shows the mode of a plan. */
export function modeBadge(mode) {
	return h('span', { class: `badge mode-${mode}` }, t(`mode.${mode}`));
}

/** Lets a plan serve again that has suspended something, and says whether it had. */
export async function resume(plan, app, done) {
	try {
		const { resumed } = await send('POST', ['plans', plan, 'resume'], inWorkspace());
		app.announce(t(resumed ? 'resume.done' : 'resume.nothing', plan));
	}
	catch (error) {
		open(t('resume'), [h('p', {}, error.message)]);
	}
	await done();
}

/** Asks for the mode of a plan and changes it. */
export function chooseMode(plan, app, done) {
	const name = newId();
	const present = modeOf(plan.settings);
	const radios = MODES.map((mode) => h('label', { class: 'choice' },
		h('input', { type: 'radio', name, value: mode, checked: mode === present }),
		h('span', {}, h('b', {}, t(`mode.${mode}`)), h('small', {}, t(`mode.${mode}.hint`)))));
	open(t('mode.title', plan.id), [h('div', { role: 'radiogroup', 'aria-label': t('mode') }, radios)], { action: t('mode.save'), onConfirm: async () => {
		const mode = radios.map((label) => label.firstChild).find((radio) => radio.checked).value;
		if (mode !== present) {
			await send('POST', ['plans', plan.id], inWorkspace(), { version: plan.version, mode });
			app.announce(t('mode.done', plan.id, t(`mode.${mode}`)));
			await done();
		}
	} });
}

/** Deletes a plan once its id was typed; of an override only what was overridden. */
export function remove(plan, app, done) {
	confirmTyped({ title: t('delete.title', plan.id), text: t(plan.source === 'override' ? 'delete.override' : 'delete.text', plan.id),
		phrase: plan.id, action: t('delete'), onConfirm: async () => {
			await send('DELETE', ['plans', plan.id], inWorkspace({ version: plan.version }));
			app.announce(t('delete.done', plan.id));
			await done();
		} });
}

/** Asks which stored answers are to go, counts them, and evicts them once the id of the plan was typed. */
export function evict(plan, app) {
	const inputs = Object.fromEntries(['scope', 'tag'].map((name) => [name, h('input', { id: newId(), type: 'text', autocomplete: 'off' })]));
	const counted = h('div', { 'aria-live': 'polite' }, h('p', { class: 'hint' }, t('evict.count.first')));
	const selected = () => ({ plan, ...Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input.value.trim()])) });
	let known = null;
	const countEntries = async () => {
		try {
			known = JSON.stringify(selected());
			const { cache_entries: caches } = await get('cache-entries', inWorkspace(selected()));
			replace(counted, h('ul', { class: 'list' }, caches.map((cache) => h('li', {}, h('b', {}, cache.name), h('span', {},
				cache.entries == null ? t('evict.count.unknown') : t(cache.complete ? 'evict.count' : 'evict.count.least', count(cache.entries)))))));
		}
		catch (error) {
			replace(counted, h('p', { class: 'alert' }, error.message));
		}
	};
	const content = h('div', { class: 'stack' }, Object.entries(inputs).map(([name, input]) =>
		h('div', {}, h('label', { for: input.id }, t(`evict.${name}`)), input)), button(t('evict.count.now'), countEntries), counted);
	confirmTyped({ title: t('evict.title', plan), text: t('evict.text'), phrase: plan, action: t('evict.now'), content: [content], onConfirm: async () => {
		if (known !== JSON.stringify(selected())) {
			throw new Error(t('evict.count.first'));
		}
		const { evicted } = await send('DELETE', 'cache', inWorkspace(selected()));
		app.announce(t('evict.done', count(evicted)));
	} });
}
