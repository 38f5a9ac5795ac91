package io.tokensaving.route.evaluate;

import java.util.List;

import io.tokensaving.ledger.PicoUsd;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.sampling.GradedJudge;
import io.tokensaving.sampling.NoVerdictException;
import io.tokensaving.sampling.QualityCounts;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.util.Assert;

/**
 * Asks a model recorded prompts, and has a judge grade what it answers against golden or
 * recorded answers. Blocks, and spends what models and judge cost. Immutable.
 */
public final class Evaluation {

	private final Answering answering;

	private final GradedJudge judge;

	private final double minQuality;

	private final TokenCounter tokenCounter;

	private final PriceTable prices;

	/**
	 * Create an evaluation.
	 * @param answering answers the prompts
	 * @param judge grades the answers
	 * @param minQuality the share of good answers that is asked for, 0 to 1
	 * @param tokenCounter reads or estimates the tokens that are bought
	 * @param prices the prices of models
	 * @throws IllegalArgumentException if the quality is out of range
	 */
	public Evaluation(Answering answering, GradedJudge judge, double minQuality, TokenCounter tokenCounter,
			PriceTable prices) {
		Assert.isTrue(minQuality >= 0 && minQuality <= 1, "'minQuality' must be from 0 to 1");
		this.answering = answering;
		this.judge = judge;
		this.minQuality = minQuality;
		this.tokenCounter = tokenCounter;
		this.prices = prices;
	}

	/**
	 * Evaluate.
	 * @param cases the cases
	 * @return the result
	 * @throws IllegalStateException if there are fewer or more answers than cases
	 */
	public EvaluationResult run(List<EvaluationCase> cases) {
		List<Prompt> prompts = cases.stream().map((each) -> new Prompt(each.question())).toList();
		List<@Nullable ChatResponse> answers = this.answering.answer(prompts);
		Assert.state(answers.size() == cases.size(), "There must be an answer for each case");
		Tally tally = new Tally();
		for (int i = 0; i < cases.size(); i++) {
			ChatResponse answer = answers.get(i);
			if (answer != null) {
				Prompt prompt = prompts.get(i);
				tally.pay(TokenCounter.model(answer, prompt.getOptions()), this.tokenCounter.usage(prompt, answer));
			}
			tally.grade(cases.get(i), (answer != null) ? text(answer) : "");
		}
		return new EvaluationResult(tally.counts, tally.unanswered, tally.unjudged, this.minQuality,
				PicoUsd.toUsd(tally.picoUsd), tally.unpriced);
	}

	private static String text(ChatResponse answer) {
		StringBuilder text = new StringBuilder();
		answer.getResults().forEach((generation) -> {
			if (generation.getOutput().getText() != null) {
				text.append(generation.getOutput().getText());
			}
		});
		return text.toString();
	}

	/**
	 * What was found so far.
	 */
	private final class Tally {

		private QualityCounts counts = QualityCounts.NONE;

		private long unanswered;

		private long unjudged;

		private long picoUsd;

		private long unpriced;

		private void grade(EvaluationCase expected, String answer) {
			if (answer.isBlank()) {
				this.unanswered++;
				count(GradedJudge.Grade.UNUSABLE);
				return;
			}
			if (answer.strip().equals(expected.expected().strip())) {
				count(GradedJudge.Grade.SAME);
				return;
			}
			try {
				GradedJudge.Verdict verdict = Evaluation.this.judge
					.judge(GradedJudge.Answers.compared(expected.question(), answer, expected.expected()));
				pay(verdict.model(), verdict.usage());
				count(verdict.grade());
			}
			catch (NoVerdictException ex) {
				pay(ex.model(), ex.usage());
				this.unjudged++;
			}
			catch (RuntimeException ex) {
				this.unjudged++;
			}
		}

		private void count(GradedJudge.Grade grade) {
			this.counts = this.counts.plus(QualityCounts.of(grade, 1));
		}

		private void pay(@Nullable String model, TokenUsage usage) {
			if (usage.total() == 0) {
				return;
			}
			ModelPrice price = Evaluation.this.prices.find(model);
			if (price != null) {
				this.picoUsd += price.picoUsd(usage);
			}
			else {
				this.unpriced++;
			}
		}

	}

}
