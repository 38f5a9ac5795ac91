package io.tokensaving.sampling;

import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.statistics.DescribedException;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;

/**
 * Lets the model answer a request that was answered more cheaply, and a judge compare
 * both answers. All tokens that are bought are reported, even if the answer is late or of
 * no use. Thread-safe.
 */
public final class Comparison {

	private final Map<String, Judge> judges;

	private final TokenCounter tokenCounter;

	/**
	 * Create a comparison.
	 * @param judges the judges by name
	 * @param tokenCounter reads or estimates the tokens that are bought
	 */
	public Comparison(Map<String, ? extends Judge> judges, TokenCounter tokenCounter) {
		this.judges = Map.copyOf(judges);
		this.tokenCounter = tokenCounter;
	}

	/**
	 * Return the names of the judges.
	 * @return the names
	 */
	public Set<String> judgeNames() {
		return this.judges.keySet();
	}

	/**
	 * Compare an answer with that of the model. Blocks until model and judge have
	 * answered.
	 * @param sample the answer and its request
	 * @param judgeName the name of the judge
	 * @param model calls the model
	 * @param overdue whether the deadline has passed, after which nothing is judged
	 * @param payment receives the tokens that are bought
	 * @return whether both answers say the same, or {@code null} if that is not known
	 * because the deadline has passed or the model gave no answer that can be compared
	 * @throws DescribedException if the judge does not exist or reached no verdict
	 */
	public @Nullable Boolean compare(Sample sample, String judgeName, FreshAnswer model, BooleanSupplier overdue,
			Payment payment) {
		Judge judge = this.judges.get(judgeName);
		if (judge == null) {
			throw new DescribedException("No judge has the name '" + judgeName + "'");
		}
		ChatResponse fresh = model.get((cutOff) -> {
			// Providers bill a stream that is cancelled, but not one that has failed
			if (overdue.getAsBoolean()) {
				charge(sample, cutOff, payment);
			}
		});
		if (fresh == null) {
			return null;
		}
		charge(sample, fresh, payment);
		if (overdue.getAsBoolean() || !sample.comparable().test(fresh)) {
			return null;
		}
		boolean right = isRight(judge, judgeName, sample.question(), text(sample.given()), text(fresh), payment);
		return overdue.getAsBoolean() ? null : right;
	}

	private void charge(Sample sample, ChatResponse response, Payment payment) {
		if (!sample.free()) {
			Prompt prompt = sample.prompt();
			payment.paid(TokenCounter.model(response, prompt.getOptions()), this.tokenCounter.usage(prompt, response));
		}
	}

	private static boolean isRight(Judge judge, String judgeName, String question, String given, String fresh,
			Payment payment) {
		if (given.equals(fresh)) {
			return true;
		}
		try {
			Judge.Verdict verdict = judge.judge(question, given, fresh);
			payment.paid(verdict.model(), verdict.usage());
			return verdict.right();
		}
		catch (NoVerdictException ex) {
			payment.paid(ex.model(), ex.usage());
			throw new DescribedException("The judge '%s' %s".formatted(judgeName, ex.description()), ex);
		}
	}

	static String text(ChatResponse response) {
		StringBuilder text = new StringBuilder();
		response.getResults().forEach((generation) -> text.append(generation.getOutput().getText()).append('\n'));
		return text.toString();
	}

	/**
	 * An answer to compare with that of the model. Immutable.
	 *
	 * @param prompt the request that was answered
	 * @param question the question of the request
	 * @param given the answer that was given
	 * @param comparable whether the answer of the model is finished, so that it can be
	 * compared
	 * @param free whether the answer of the model is there anyway and costs nothing more
	 */
	public record Sample(Prompt prompt, String question, ChatResponse given, Predicate<ChatResponse> comparable,
			boolean free) {

	}

	/**
	 * Receives the cost of a comparison.
	 */
	@FunctionalInterface
	public interface Payment {

		/**
		 * A model was paid.
		 * @param model the model, or {@code null} if it is not known or none was paid
		 * @param usage the tokens that were bought
		 */
		void paid(@Nullable String model, TokenUsage usage);

	}

}
