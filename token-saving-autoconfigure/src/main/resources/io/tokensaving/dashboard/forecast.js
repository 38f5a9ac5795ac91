import { chart } from './charts.js';
import { button, h } from './dom.js';
import { count, figure, interval, similarity, share, usd } from './format.js';
import { named, t } from './messages.js';
import { read } from './patch.js';
import { millis, print } from './settings.js';
import { table } from './table.js';

const THRESHOLD = 'cache.similarity_threshold';

const TTL = 'cache.ttl';

/**
 * Shows what a plan in shadow would have done, and would have done with the settings of the form.
 * @param {Card} card
 * @param {object} forecast as the endpoint shows it
 * @param {object} settings those of the form
 * @param {?function(string, *)} take sets a setting in the form, null if nothing can be written
 */
export function showForecast(card, forecast, settings, take) {
	if (!forecast.requests) {
		card.empty();
		return;
	}
	const row = (label, ...values) => h('div', {}, h('dt', {}, t(label)), h('dd', {}, values));
	const likely = (name, of) => forecast[name] && row(`forecast.${name}`, figure(forecast[name].next, share, `forecast.${name}`),
		h('small', {}, t('forecast.interval', interval(forecast[name].lower, forecast[name].upper), count(forecast[name].of), t(of))));
	const risk = forecast.risks?.semantic_verification;
	card.show(
		h('dl', { class: 'figures' },
			row('forecast.requests', figure(forecast.requests, count, 'forecast.requests'),
				(forecast.skipped > 0 || forecast.failed > 0) && h('small', {}, t('forecast.skipped', count(forecast.skipped), count(forecast.failed)))),
			row('forecast.would-save', figure(forecast.would_save_usd, usd, 'would_save_usd'),
				h('small', {}, t('forecast.of-spent', usd(forecast.spent_usd)))),
			row('forecast.overhead', figure(forecast.overhead_usd, usd)),
			likely('hit_rate', 'forecast.of-requests'), likely('saved_share', 'forecast.of-requests'),
			risk?.verified > 0 && row('forecast.wrong', figure(risk.error_rate, share),
				h('small', {}, t('forecast.verified', count(risk.wrong), count(risk.verified), interval(risk.error_rate_lower, risk.error_rate_upper))))),
		!forecast.hit_rate && h('p', { class: 'hint' }, t('forecast.few')),
		h('h3', {}, t('forecast.form')), h('ul', { class: 'plain' }, withSettings(forecast, settings).map((line) => h('li', {}, line))),
		h('h3', {}, t('forecast.by')), h('ul', { class: 'plain' }, Object.entries(forecast.would_save_usd_by_technique ?? {}).map(([name, value]) =>
			h('li', {}, named('technique', name), ': ', figure(value, usd)))),
		h('h3', {}, t('forecast.suggested')), suggestions(forecast.suggestions ?? [], settings, take),
		h('p', { class: 'hint' }, t('forecast.hint')));
}

function withSettings(forecast, settings) {
	const lines = [];
	const threshold = Number(read(settings, THRESHOLD));
	const similarities = Object.entries(forecast.hits_by_similarity ?? {}).map(([value, hits]) => [Number(value), hits]).sort(([a], [b]) => a - b);
	if (similarities.length > 0 && Number.isFinite(threshold)) {
		const lowest = similarities[0][0];
		const hits = similarities.find(([value]) => value >= threshold - 1e-9)?.[1] ?? 0;
		lines.push(t('forecast.threshold', similarity(threshold), count(hits)));
		if (threshold < lowest - 1e-9) {
			lines.push(t('forecast.threshold.lower', similarity(lowest)));
		}
	}
	const ttl = millis(read(settings, TTL));
	const ages = Object.entries(forecast.hits_by_age ?? {});
	if (ages.length > 0 && ages.at(-1)[1] > 0 && ttl > 0) {
		const younger = ages.filter(([age]) => millis(age) <= ttl).at(-1)?.[1] ?? 0;
		const older = ages.find(([age]) => !(millis(age) < ttl))[1];
		lines.push(younger === older ? t('forecast.ttl', read(settings, TTL), count(younger), count(ages.at(-1)[1]))
			: t('forecast.ttl.between', read(settings, TTL), count(younger), count(older), count(ages.at(-1)[1])));
	}
	return lines.length > 0 ? lines : [t('forecast.form.none')];
}

function suggestions(all, settings, take) {
	return all.length === 0 ? h('p', { class: 'hint' }, t('forecast.suggested.none')) : h('ul', { class: 'list suggestions' }, all.map((each) => h('li', {},
		h('div', {}, h('b', {}, each.setting), ' ', each.value === undefined
			? t('suggestion.not-yet', print(each.now), count(each.observations), count(each.needed))
			: [h('span', {}, `${print(each.now)} \u2192 `), h('b', {}, print(each.value)),
				h('small', {}, t(`basis.${each.basis}`, count(each.observations)))]),
		each.value !== undefined && take && button(t('suggestion.take'), () => take(each.setting, each.value),
			{ class: 'small', disabled: String(read(settings, each.setting)) === String(each.value), data: { key: `take ${each.setting}` } }),
		each.curve.length > 1 && (each.setting === THRESHOLD ? thresholdCurve(each, settings) : curveTable(each)))));
}

/** Draws how many hits, and at most how many wrong ones, each threshold would have given. */
function thresholdCurve(suggestion, settings) {
	const points = [...suggestion.curve].sort((a, b) => a.value - b.value);
	const chosen = Number(read(settings, THRESHOLD));
	const marks = [[suggestion.now, 'curve.now'], ...(suggestion.value === undefined ? [] : [[suggestion.value, 'curve.suggested']]),
		...(Number.isFinite(chosen) && chosen !== suggestion.now ? [[chosen, 'curve.form']] : [])];
	return chart({
		key: 'curve.threshold',
		sentence: t('curve.threshold.sentence', similarity(points[0].value), count(points[0].hits), similarity(points.at(-1).value), count(points.at(-1).hits)),
		x: { label: t('column.threshold'), values: points.map((point) => point.value), format: similarity, step: 0.01 },
		y: { format: count, right: share },
		series: [{ label: t('curve.hits'), values: points.map((point) => point.hits), color: 'accent' },
			{ label: t('curve.wrong'), values: points.map((point) => point.wrong_share_upper), color: 'serious', dash: [5, 4], scale: 'right', format: share }],
		marks: marks.map(([value, label]) => ({ x: Number(value), label: t(label, similarity(Number(value))) }))
	});
}

function curveTable(suggestion) {
	const names = Object.keys(suggestion.curve[0]).filter((name) => name !== 'value');
	const format = (name) => name.endsWith('_usd') ? usd : name.includes('share') ? share : count;
	return h('details', { data: { key: `curve ${suggestion.setting}` } }, h('summary', {}, t('curve.table')), table('curve.table', [
		{ label: suggestion.setting, cell: (point) => print(point.value) },
		...names.map((name) => ({ label: named('curve', name), number: true, cell: (point) => figure(point[name], format(name)) }))], suggestion.curve));
}
