package io.tokensaving.route.cascade;

import java.util.List;
import java.util.function.BiConsumer;

import io.tokensaving.provider.Dialect;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.model.ChatResponse;

/**
 * Judges answers by the checks of a plan. Thread-safe.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class Cascade {

	/**
	 * The reason of an answer without text, tool calls and media, which no check is asked
	 * about.
	 */
	public static final String EMPTY = "empty";

	/**
	 * The reason of a tier that has failed.
	 */
	public static final String ERROR = "error";

	private Cascade() {
	}

	/**
	 * Judge the answer of a call.
	 * @param checks the checks, in the order in which they are asked
	 * @param request the request as the model has received it
	 * @param response the answer, or {@code null} if there is none
	 * @param dialect the dialect of the provider that answers
	 * @param onFailure receives the name of each check that throws, and what it throws
	 * @return the reason why the answer is not good enough, or {@code null} if it is, or
	 * there are no checks
	 */
	public static @Nullable String judge(List<NamedCheck> checks, ChatClientRequest request,
			@Nullable ChatResponse response, Dialect dialect, BiConsumer<String, Throwable> onFailure) {
		return checks.isEmpty() ? null : judge(checks, CheckedAnswer.of(request, response, dialect, true), onFailure);
	}

	/**
	 * Judge an answer.
	 * @param checks the checks, in the order in which they are asked
	 * @param answer the answer, or its beginning
	 * @param onFailure receives the name of each check that throws, and what it throws
	 * @return the reason of the first check that finds fault with it, or {@code null} if
	 * none does
	 */
	public static @Nullable String judge(List<NamedCheck> checks, CheckedAnswer answer,
			BiConsumer<String, Throwable> onFailure) {
		if (checks.isEmpty()) {
			return null;
		}
		boolean empty = answer.isWhole() && isEmpty(answer);
		// The provider may say why there is nothing
		if (empty && !isRefused(answer)) {
			return EMPTY;
		}
		for (NamedCheck named : checks) {
			String reason = ask(named, answer, onFailure);
			if (reason != null) {
				return reason;
			}
		}
		return empty ? EMPTY : null;
	}

	private static boolean isEmpty(CheckedAnswer answer) {
		return answer.alternatives().isEmpty()
				|| answer.alternatives().stream().anyMatch(CheckedAnswer.Alternative::isEmpty);
	}

	private static boolean isRefused(CheckedAnswer answer) {
		return answer.alternatives()
			.stream()
			.flatMap((alternative) -> alternative.parts().stream())
			.anyMatch(answer.dialect()::isRefused);
	}

	private static @Nullable String ask(NamedCheck named, CheckedAnswer answer,
			BiConsumer<String, Throwable> onFailure) {
		try {
			return (answer.isWhole() || named.check().judgesBeginnings()) ? named.check().check(answer) : null;
		}
		catch (Exception | LinkageError | StackOverflowError | AssertionError ex) {
			onFailure.accept(named.name(), ex);
			return null;
		}
	}

}
