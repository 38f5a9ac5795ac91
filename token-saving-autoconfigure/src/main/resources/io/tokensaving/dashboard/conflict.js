import { open } from './dialog.js';
import { h, newId } from './dom.js';
import { t } from './messages.js';
import { flatten, read, same, write } from './patch.js';
import { print } from './settings.js';

/**
 * Shows the settings in which two versions of a plan differ, and lets each be chosen.
 * @param {object} base the settings that the user began with
 * @param {object} mine the settings of the form
 * @param {{version: number, settings: object}} theirs the plan as the server has it now
 * @param {function(object): Promise} save is called with the settings that were put together
 */
export function resolve(base, mine, theirs, save) {
	const paths = [...new Set([...flatten(mine), ...flatten(theirs.settings)].map(([path]) => path))]
		.filter((path) => !same(read(mine, path), read(theirs.settings, path)));
	const choices = paths.map((path) => {
		const name = newId();
		// What the user has not touched is taken from them
		const keep = !same(read(mine, path), read(base, path));
		const radio = (side, settings, checked) => h('td', {}, h('label', { class: 'choice' },
			h('input', { type: 'radio', name, value: side, checked }), h('span', {}, h('code', {}, print(read(settings, path)) || t('unset')),
				h('small', {}, t(`conflict.${side}`)))));
		return { path, name, row: h('tr', {}, h('th', { scope: 'row' }, path), radio('mine', mine, keep), radio('theirs', theirs.settings, !keep)) };
	});
	const content = paths.length === 0 ? h('p', {}, t('conflict.same'))
		: h('div', { class: 'scroll', role: 'group', tabindex: '0', 'aria-label': t('conflict.title') }, h('table', {}, h('thead', {}, h('tr', {},
			[t('column.setting'), t('conflict.yours'), t('conflict.now', theirs.version)].map((head) => h('th', { scope: 'col' }, head)))),
		h('tbody', {}, choices.map(({ row }) => row))));
	const { element } = open(t('conflict.title'), [h('p', {}, t('conflict.text')), content], { wide: true, action: t('conflict.save', theirs.version + 1),
		onConfirm: () => {
			const merged = structuredClone(theirs.settings);
			for (const { path, name } of choices) {
				if (element.querySelector(`input[name="${name}"]:checked`).value === 'mine') {
					write(merged, path, read(mine, path));
				}
			}
			return save(merged);
		} });
}
