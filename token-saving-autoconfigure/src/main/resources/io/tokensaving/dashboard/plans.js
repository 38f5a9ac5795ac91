import { Card } from './card.js';
import { button, h, newId } from './dom.js';
import { offer } from './filters.js';
import { count, similarity, share, usd } from './format.js';
import { t } from './messages.js';
import { chooseMode, isEditable, modeBadge, modeOf, remove, resume, suspensions } from './plan-actions.js';
import { go, href, route } from './route.js';
import { numbers, pager, table } from './table.js';

const SIZE = 25;

const SETTINGS = ['mode', 'cache.backend', 'cache.similarity_threshold', 'cache.ttl', 'compression.engine', 'compression.max_input_tokens', 'route.mode'];

const FIGURES = ['total_requests', 'cache_hit_rate', 'cost_saved_usd'];

const TYPING_MS = 250;

/** Shows the list of plans. */
export function show(view) {
	const { session } = view.app;
	let page = Number(route.params.get('page') ?? 0);
	let text = route.params.get('q') ?? '';
	const id = newId();
	const search = h('input', { id, type: 'search', value: text, placeholder: t('plans.search'), 'aria-label': t('plans.search'), autocomplete: 'off' });
	const card = new Card('plans.list', { size: 'full', actions: [search,
		session.writable && h('a', { class: 'button primary', href: href('plans', null, { new: '1' }) }, t('plans.create'))] });
	view.add(card);
	const again = view.read({ path: 'plans', cards: [card], params: () => ({ page, size: SIZE, q: text, fields: ['page', 'size', 'total', 'plans.id',
		'plans.version', 'plans.source', 'plans.stats.scope', ...SETTINGS.map((name) => `plans.settings.${name}`),
		...FIGURES.map((name) => `plans.stats.${name}`), suspensions.fields].join(',') }),
		show: (data) => {
			offer('plan', data.plans.map((plan) => plan.id));
			card.scope(data.plans[0]?.stats.scope, session.instance);
			if (data.total === 0) {
				card.empty(text ? 'plans.list.none' : undefined);
				return;
			}
			card.show(list(data.plans, view.app, again), pager(page, SIZE, data.total, (target) => {
				page = target;
				again();
			}));
		} });
	let typing;
	search.addEventListener('input', () => {
		clearTimeout(typing);
		typing = setTimeout(() => {
			text = search.value.trim();
			page = 0;
			again();
		}, TYPING_MS);
	});
}

function list(plans, app, again) {
	const number = (name, format) => numbers(name, format, (plan) => plan.stats[name]);
	const setting = (name, read) => ({ label: t(`column.${name}`), value: read,
		cell: (plan) => read(plan) ?? h('span', { class: 'none' }, t('off')) });
	return table('plans.list', [
		{ label: t('column.plan'), value: (plan) => plan.id, cell: (plan) => [h('a', { href: href('plans', plan.id), data: { key: `plan ${plan.id}` } }, plan.id),
			h('small', {}, t(`source.${plan.source}`), plan.version && ` \u00b7 ${t('version', plan.version)}`)] },
		{ label: t('mode'), value: (plan) => modeOf(plan.settings), cell: (plan) => [modeBadge(modeOf(plan.settings)),
			suspensions.of(plan).length > 0 && h('span', { class: 'badge serious' }, t('suspended'))] },
		setting('cache', (plan) => plan.settings?.cache?.backend),
		numbers('threshold', similarity, (plan) => isSemantic(plan) ? plan.settings.cache.similarity_threshold : null),
		setting('ttl', (plan) => plan.settings?.cache?.ttl),
		setting('compression', (plan) => compression(plan.settings?.compression)),
		number('total_requests', count), number('cache_hit_rate', share), number('cost_saved_usd', usd),
		...(app.session.writable ? [{ label: t('column.actions'), cell: (plan) => actions(plan, app, again) }] : [])
	], plans);
}

function isSemantic(plan) {
	return Boolean(plan.settings?.cache) && !['in_memory', 'redis'].includes(plan.settings.cache.backend);
}

function compression(settings) {
	return settings ? t('plans.compression', settings.engine, count(settings.max_input_tokens)) : null;
}

function actions(plan, app, again) {
	const action = (name, onClick, danger) => button(t(name), onClick, { class: `small ghost${danger ? ' danger' : ''}`,
		'aria-label': t('action.of', t(name), plan.id), data: { key: `${name} ${plan.id}` } });
	return h('div', { class: 'row-actions' },
		isEditable(plan) && action('edit', () => go('plans', plan.id)),
		action('copy', () => go('plans', null, { copy: plan.id, new: '1' })),
		isEditable(plan) && action('mode', () => chooseMode(plan, app, again)),
		suspensions.of(plan).length > 0 && action('resume', () => resume(plan.id, app, again)),
		isEditable(plan) && action('delete', () => remove(plan, app, again), true));
}
