import { get } from './api.js';
import { bars } from './charts.js';
import { Card } from './card.js';
import { button, h } from './dom.js';
import { offer } from './filters.js';
import { count, figure, ms, share, time, usd } from './format.js';
import { named, t } from './messages.js';
import { filters, href } from './route.js';
import { numbers, table } from './table.js';

const POLL_MS = 2000;

const KEPT = 200;

/** Shows the latest requests, batches and budgets. */
export function show(view) {
	const live = new Live(view);
	const budgets = new Card('requests.budgets');
	const batches = new Card('requests.batches');
	view.add(live.card, budgets, batches);
	live.start();
	view.read({ path: 'budgets', cards: [budgets], show: (data) => showBudgets(budgets, data.budgets) });
	view.read({ path: 'batches', cards: [batches], show: (data) => showBatches(batches, data.batches) });
}

class Live {

	#view;

	#rows = [];

	#latest;

	#outcome = '';

	#paused = false;

	#busy = false;

	constructor(view) {
		this.#view = view;
		this.outcomes = h('select', { 'aria-label': t('live.outcome'), class: 'small' }, h('option', { value: '' }, t('live.all')));
		this.outcomes.addEventListener('change', () => {
			this.#outcome = this.outcomes.value;
			this.#show();
		});
		const pause = button(t('live.pause'), () => {
			this.#paused = !this.#paused;
			pause.textContent = t(this.#paused ? 'live.resume' : 'live.pause');
			pause.setAttribute('aria-pressed', this.#paused);
			this.#poll();
		}, { class: 'small', 'aria-pressed': 'false' });
		this.card = new Card('requests.live', { size: 'full', actions: [this.outcomes, pause] });
	}

	start() {
		const timer = setInterval(() => this.#poll(), POLL_MS);
		this.#view.signal.addEventListener('abort', () => clearInterval(timer));
		this.card.scope('instance', this.#view.app.session.instance);
		this.#poll();
	}

	async #poll() {
		if (this.#busy || this.#paused || document.hidden || (this.#latest !== undefined && this.#view.app.isPaused())) {
			return;
		}
		this.#busy = true;
		try {
			const data = await get('requests', { plan: filters.plan, workspace: filters.workspace, after: this.#latest }, this.#view.signal);
			// The numbers begin anew after a restart, or behind a balancer at another instance
			if (this.#latest !== undefined && (data.instance !== this.instance || data.latest < this.#latest)) {
				this.#latest = undefined;
				this.#rows = [];
				return;
			}
			const first = this.#latest === undefined;
			this.instance = data.instance;
			this.#latest = data.latest;
			if (first || data.requests.length > 0) {
				this.#rows = [...data.requests, ...this.#rows].slice(0, KEPT);
				offer('plan', data.requests.map((row) => row.plan));
				this.#offerOutcomes();
				this.#show();
			}
			this.#view.app.updated();
		}
		catch (error) {
			if (error.name !== 'AbortError') {
				this.card.failed(error, () => this.#poll());
			}
		}
		finally {
			this.#busy = false;
		}
	}

	#offerOutcomes() {
		const known = new Set([...this.outcomes.options].map((option) => option.value));
		for (const { outcome } of this.#rows) {
			if (!known.has(outcome)) {
				known.add(outcome);
				this.outcomes.append(h('option', { value: outcome }, named('outcome', outcome)));
			}
		}
	}

	#show() {
		const rows = this.#rows.filter((row) => !this.#outcome || row.outcome === this.#outcome);
		if (rows.length === 0) {
			this.card.empty(this.#rows.length > 0 ? 'live.filtered' : undefined);
			return;
		}
		this.card.show(table('requests.live', [
			{ label: t('column.time'), value: (row) => row.seq, cell: (row) => [time(row.time), row.key && h('small', {}, h('code', {}, row.key))] },
			{ label: t('column.plan'), value: (row) => row.plan, cell: (row) => [h('a', { href: href('requests', null, { plan: row.plan }) }, row.plan),
				row.feature && h('small', {}, row.feature)] },
			{ label: t('column.model'), value: (row) => row.model ?? '', cell: (row) => [row.model ?? figure(null), row.tier && h('small', {}, t('live.tier', row.tier))] },
			{ label: t('column.outcome'), value: (row) => row.outcome, cell: (row) => [h('span', { class: `badge outcome ${row.outcome}` }, named('outcome', row.outcome)),
				row.priced === false && h('span', { class: 'badge warn' }, t('unpriced')), row.failed && h('span', { class: 'badge serious' }, t('live.failed')), row.streamed && h('small', {}, t('live.streamed'))] },
			numbers('tokens_bought', count), numbers('tokens_saved', count), numbers('spent_usd', usd),
			numbers('saved_usd', usd, undefined, (row) => row.overhead_usd > 0 && t('live.overhead', usd(row.overhead_usd))),
			numbers('call_ms', ms, undefined, (row) => [row.model_ms != null && t('live.model', ms(row.model_ms)),
				row.first_token_ms != null && t('live.first', ms(row.first_token_ms))].filter(Boolean).join(' \u00b7 '))], rows));
	}

}

function showBudgets(card, budgets) {
	if (budgets.length === 0) {
		card.empty();
		return;
	}
	card.show(h('ul', { class: 'list budgets' }, budgets.map((budget) => h('li', {},
		h('div', { class: 'head' }, h('b', {}, budget.budget), h('span', {}, t('budget.of', named('scope', budget.scope), budget[budget.scope] ?? '')),
			h('span', { class: `badge ${budget.action === 'refuse' ? 'warn' : ''}` }, named('action', budget.action)),
			h('span', { class: 'hint' }, t(`budget.${budget.per}`), ' \u00b7 ', t('budget.resets'), ' ', time(budget.resets_at))),
		bars([...amount(budget, 'usd', usd), ...amount(budget, 'tokens', count)])))));
}

function amount(budget, unit, format) {
	const limit = budget[`limit_${unit}`];
	if (limit == null) {
		return [];
	}
	const used = budget[`used_${unit}`];
	const taken = (used + budget[`reserved_${unit}`]) / limit;
	return [{ label: t(`budget.${unit}`), share: taken, color: taken >= 1 ? 'serious' : taken >= 0.8 ? 'warning' : 'saved',
		value: [figure(used, format, `used_${unit}`), h('small', {}, t('budget.limit', format(limit), share(taken), format(budget[`reserved_${unit}`])))] }];
}

function showBatches(card, batches) {
	if (!batches.submitted) {
		card.empty();
		return;
	}
	card.show(h('dl', { class: 'figures row' }, ['queued', 'answered', 'live_fallbacks', 'failed'].map((name) =>
		h('div', {}, h('dt', {}, t(`batch.${name}`)), h('dd', {}, figure(batches[name], count, `batch.${name}`))))),
	batches.submitted.length === 0 ? h('p', { class: 'hint' }, t('batch.none')) : h('ul', { class: 'list budgets' }, batches.submitted.map((batch) => h('li', {},
		h('div', { class: 'head' }, h('b', {}, batch.id), h('span', {}, `${batch.provider} \u00b7 ${batch.model}`),
			h('span', { class: 'hint' }, batch.submitted_at && [t('batch.submitted'), ' ', time(batch.submitted_at), ' \u00b7 '], batch.expected && [t('batch.expected'), ' ', time(batch.expected), ' \u00b7 '],
				t('batch.deadline'), ' ', time(batch.deadline))),
		bars([{ label: t('batch.completed'), share: batch.lines ? batch.completed / batch.lines : 0, color: 'saved',
			value: [figure(batch.completed, count, 'completed'), h('small', {}, t('of', count(batch.completed), count(batch.lines))),
				batch.failed > 0 && h('span', { class: 'badge serious' }, t('batch.lines-failed', count(batch.failed)))] }])))));
}
