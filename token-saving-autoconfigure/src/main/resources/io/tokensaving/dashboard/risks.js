import { bars, chart } from './charts.js';
import { Card } from './card.js';
import { button, h } from './dom.js';
import { offer } from './filters.js';
import { count, figure, interval, ms, plain, share, similarity, time, usd } from './format.js';
import { named, t } from './messages.js';
import { resume, suspensions } from './plan-actions.js';
import { Reviews } from './reviews.js';
import { filters, href } from './route.js';
import { numbers, table } from './table.js';

const STATS = ['semantic_hits', 'semantic_hits_by_similarity', 'guard_vetoes', 'semantic_bypasses', 'semantic_verification', 'semantic_confirmation',
	'route_quality', 'route_escalations', 'route_fallbacks'];

const MAX_PLANS = 200;

const COUNTED = ['guard_vetoes', 'semantic_bypasses', 'route_escalations', 'route_fallbacks', 'semantic_hits_by_similarity'];

/** Shows what may be wrong: answers of the semantic cache, and answers of cheaper models. */
export function show(view) {
	const suspended = new Card('risks.suspended', { size: 'full' });
	const verified = new Card('risks.verified', { size: 'wide' });
	const vetoes = new Card('risks.vetoes', { size: 'narrow' });
	const similarities = new Card('risks.similarity', { size: 'wide' });
	const checks = new Card('risks.checks', { size: 'narrow' });
	const misses = new Card('risks.misses', { size: 'full' });
	const routing = new Card('risks.routing', { size: 'full' });
	const reviews = new Reviews(view);
	view.add(suspended, verified, vetoes, similarities, checks, routing, reviews.card, reviews.curve, misses);

	let started = false;
	const again = view.read({ path: 'plans', cards: [suspended, verified, vetoes, similarities, checks], params: { size: MAX_PLANS,
		fields: ['total', 'plans.id', 'plans.stats.scope', 'plans.settings.cache.max_error_rate', ...STATS.map((name) => `plans.stats.${name}`)].join(',') },
		show: (data) => {
			offer('plan', data.plans.map((plan) => plan.id));
			const plans = data.plans.filter((plan) => !filters.plan || plan.id === filters.plan);
			const sums = Object.fromEntries(COUNTED.map((name) => [name, total(plans, name)]));
			[verified, vetoes, similarities, checks].forEach((card) => card.scope(plans[0]?.stats.scope, view.app.session.instance));
			showSuspended(suspended, plans, view.app, () => again());
			showVerified(verified, plans);
			showCounts(vetoes, [['guard', sums.guard_vetoes], ['bypass', sums.semantic_bypasses]]);
			showCounts(checks, [['check', sums.route_escalations], ['fallback', sums.route_fallbacks]]);
			showSimilarity(similarities, sums.semantic_hits_by_similarity);
			// What is shown of one plan only is read once it is known which one
			const plan = filters.plan ?? (data.plans.length === 1 ? data.plans[0].id : null);
			if (!started && plan !== null) {
				started = true;
				view.read({ path: ['plans', plan, 'routing'], cards: [routing], show: (figures) => showRouting(routing, figures, view.app.session.instance) });
				reviews.read(plan);
			}
			else if (plan === null) {
				const choose = () => h('p', { class: 'choices' }, data.plans.slice(0, 30).map((each) =>
					h('a', { class: 'button small', href: href('risks', null, { plan: each.id }) }, each.id)));
				[routing, reviews.card, reviews.curve].forEach((card) => card.empty('choose-plan', choose()));
			}
		} });
	view.read({ path: filters.plan ? ['plans', filters.plan, 'near-misses'] : 'near-misses', cards: [misses],
		show: (data) => showMisses(misses, data.near_misses ?? data, view.app.session.instance) });
}

function total(plans, name) {
	const sums = {};
	for (const plan of plans) {
		for (const [key, value] of Object.entries(plan.stats[name] ?? {})) {
			sums[key] = (sums[key] ?? 0) + value;
		}
	}
	return sums;
}

function showSuspended(card, plans, app, again) {
	const rows = plans.flatMap((plan) => suspensions.of(plan).map((what) => ({ plan, what })));
	if (rows.length === 0) {
		card.show(h('p', { class: 'good' }, t('overview.state.none')));
		return;
	}
	card.show(h('ul', { class: 'list' }, rows.map(({ plan, what }) => h('li', {}, h('span', { class: 'badge serious' }, t('suspended')),
		h('span', {}, t(`suspended.${what}`, plan.id), h('small', {}, why(plan, what))),
		app.session.writable && button(t('resume'), () => resume(plan.id, app, again), { class: 'small', data: { key: `resume ${plan.id}` } })))));
}

function why(plan, what) {
	const figures = plan.stats[what];
	switch (what) {
		case 'semantic_verification':
			return t('why.semantic_verification', count(figures.wrong), count(figures.verified), interval(figures.error_rate_lower, figures.error_rate_upper),
				share(plan.settings?.cache?.max_error_rate ?? 0));
		case 'semantic_confirmation':
			return t('why.semantic_confirmation', usd(figures.spent_usd), usd(figures.saved_usd));
		default:
			return t('why.route_quality', count(figures.worse), count(figures.judged), interval(...figures.interval_95));
	}
}

function showVerified(card, plans) {
	const rows = plans.filter((plan) => plan.stats.semantic_verification?.verified > 0 || plan.stats.semantic_hits > 0);
	if (rows.length === 0) {
		card.empty();
		return;
	}
	const of = (name) => (plan) => plan.stats.semantic_verification?.[name];
	const confirmed = (name) => (plan) => plan.stats.semantic_confirmation?.[name];
	card.show(table('risks.verified', [
		{ label: t('column.plan'), value: (plan) => plan.id, cell: (plan) => h('a', { href: href('risks', null, { plan: plan.id }), data: { key: `risk ${plan.id}` } }, plan.id) },
		numbers('semantic_hits', count, (plan) => plan.stats.semantic_hits), numbers('verified', count, of('verified')), numbers('wrong', count, of('wrong')),
		numbers('error_rate', share, (plan) => of('verified')(plan) > 0 ? of('error_rate')(plan) : null,
			(plan) => of('verified')(plan) > 0 && interval(of('error_rate_lower')(plan), of('error_rate_upper')(plan))),
		numbers('max_error_rate', share, (plan) => plan.settings?.cache?.max_error_rate),
		numbers('confirmed', count, confirmed('confirmed'), (plan) => confirmed('refused')(plan) > 0 && t('risks.refused', count(confirmed('refused')(plan))))], rows));
}

function showCounts(card, groups) {
	const filled = groups.filter(([, counts]) => Object.values(counts).some((value) => value > 0));
	if (filled.length === 0) {
		card.empty();
		return;
	}
	card.show(filled.map(([name, counts]) => {
		const most = Math.max(...Object.values(counts));
		return [h('h3', {}, t(`risks.${name}`)), bars(Object.entries(counts).filter(([, value]) => value > 0).sort(([, a], [, b]) => b - a)
			.map(([key, value]) => ({ label: named(name, key), share: value / most, value: figure(value, count, `${name}.${key}`), color: 'warning' })))];
	}));
}

function showSimilarity(card, hits) {
	const points = Object.entries(hits).map(([value, number]) => [Number(value), number]).sort(([a], [b]) => a - b);
	if (points.length === 0) {
		card.empty();
		return;
	}
	const first = Math.round(points[0][0] * 100);
	const last = Math.round(points.at(-1)[0] * 100);
	const values = Array.from({ length: last - first + 1 }, (_, index) => (first + index) / 100);
	const byValue = new Map(points.map(([value, number]) => [value.toFixed(2), number]));
	card.show(chart({
		key: 'risks.similarity',
		sentence: t('risks.similarity.sentence', count(points.reduce((sum, [, number]) => sum + number, 0)), similarity(points[0][0]), similarity(points.at(-1)[0])),
		x: { label: t('column.similarity'), values, format: (value) => value.toFixed(2), step: 0.01 }, y: { format: count },
		series: [{ label: t('column.semantic_hits'), values: values.map((value) => byValue.get(value.toFixed(2)) ?? 0), color: 'semantic-cache', bars: true }]
	}));
}

function showMisses(card, misses, instance) {
	card.scope('instance', instance);
	if (misses.length === 0) {
		card.empty();
		return;
	}
	card.show(table('risks.misses', [
		{ label: t('column.time'), value: (miss) => miss.time, cell: (miss) => time(miss.time) },
		{ label: t('column.plan'), value: (miss) => miss.plan, cell: (miss) => h('a', { href: href('risks', null, { plan: miss.plan }) }, miss.plan) },
		{ label: t('column.feature'), value: (miss) => miss.feature ?? '', cell: (miss) => miss.feature ?? h('span', { class: 'none' }, t('unnamed')) },
		numbers('similarity', similarity), numbers('threshold', similarity),
		{ label: t('column.reason'), value: (miss) => miss.reason, cell: (miss) => named('guard', miss.reason) },
		{ label: t('column.verdict'), value: (miss) => miss.verdict, cell: (miss) => named('verdict', miss.verdict) }], misses),
	h('p', { class: 'hint' }, t('risks.misses.hint')));
}

function showRouting(card, routing, instance) {
	card.scope(routing.window.scope, instance);
	const tiers = Object.entries(routing.tiers ?? {});
	if (tiers.length === 0) {
		card.empty();
		return;
	}
	const learned = Object.assign({}, ...Object.values(routing.classifiers ?? {}));
	const rows = tiers.map(([name, figures]) => ({ name, ...figures, quality: routing.quality?.tiers?.[name], learned: learned[name], cascade: routing.cascade?.[name] }));
	const standings = Object.entries(routing.standings ?? {});
	card.show(
		h('dl', { class: 'figures row' }, [['decisions', routing.window.decisions, count], ['escalated', routing.escalated, count], ['spent_usd', routing.spent_usd, usd],
			['counterfactual_usd', routing.counterfactual_usd, usd], ['judging_today_usd', routing.judging_today_usd, usd]].map(([name, value, format]) =>
			h('div', {}, h('dt', {}, t(`routing.${name}`)), h('dd', {}, figure(value, format, `routing.${name}`))))),
		standings.length > 0 && h('ul', { class: 'list' }, standings.map(([where, standing]) => h('li', {}, h('span', { class: 'badge serious' }, named('standing', standing)), h('span', {}, where)))),
		table('risks.routing', [
			{ label: t('column.tier'), value: (row) => row.name, cell: (row) => row.name },
			numbers('requests', count), numbers('answered', count), numbers('escalated', count),
			numbers('sent_on', share, (row) => row.cascade?.rate, (row) => row.cascade?.break_even_rate != null && t('routing.break-even', share(row.cascade.break_even_rate))),
			numbers('cost_usd', usd), numbers('cost_per_success_usd', usd), numbers('judged', count, (row) => row.quality?.judged ?? row.judged),
			numbers('worse_rate', share, (row) => row.quality?.judged > 0 ? row.quality.worse_rate : null,
				(row) => row.quality?.judged > 0 && row.quality.interval_95 && interval(...row.quality.interval_95)),
			numbers('e_value', plain, (row) => row.learned?.e_value),
			{ label: t('column.acts'), cell: (row) => row.learned ? t(row.learned.acts ? 'yes' : 'no') : figure(null) },
			numbers('latency', ms, (row) => row.p50_ms, (row) => row.p95_ms != null && t('latency.p95', ms(row.p95_ms)))], rows),
		h('p', { class: 'hint' }, t('routing.hint')));
}
