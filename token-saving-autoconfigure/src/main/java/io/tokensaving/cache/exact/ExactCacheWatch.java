package io.tokensaving.cache.exact;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.tokensaving.cache.CacheKey;
import io.tokensaving.cache.CacheRequest;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.CachedResponse.CachedGeneration;
import io.tokensaving.ledger.LedgerEvent;
import io.tokensaving.request.SamplingOptions;
import io.tokensaving.text.TimeText;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.prompt.Prompt;

/**
 * Watches what an exact cache does not answer, to advise what helps: requests that differ
 * from an earlier one only in dates and times of the system text, and answers that have
 * changed when they are bought again. Keeps hashes only, of at most {@value #MAX_KNOWN}
 * requests each. What fails in here is counted and stepped over. Thread-safe.
 */
final class ExactCacheWatch {

	static final int MAX_KNOWN = 10_000;

	/**
	 * Answers to the same request are compared if this time has passed between them.
	 */
	static final Duration APART = Duration.ofMinutes(1);

	private final Cache<CacheKey, String> timed = Caffeine.newBuilder().maximumSize(MAX_KNOWN).build();

	private final Cache<CacheKey, AnswerHash> answers = Caffeine.newBuilder().maximumSize(MAX_KNOWN).build();

	/**
	 * Note a request that was looked up and not found.
	 * @param lookup the look-up
	 */
	void missed(ExactLookup lookup) {
		CacheRequest cacheRequest = lookup.cacheRequest();
		try {
			Prompt prompt = cacheRequest.request().prompt();
			if (!cacheRequest.mayBeServed() || cacheRequest.call().isShadow()) {
				return;
			}
			Prompt masked = withoutTimes(prompt);
			if (masked == null) {
				return;
			}
			CacheKey key = lookup.key();
			String fingerprint = cacheRequest.call().fingerprint(cacheRequest.request(), masked).exact();
			String before = this.timed.asMap()
				.put(new CacheKey(key.workspace(), key.plan(), key.scope(), fingerprint), key.fingerprint());
			if (before != null && !before.equals(key.fingerprint())) {
				lookup.ledger().record(new LedgerEvent.Counted(ExactCacheFeature.TIME_MISSES));
			}
		}
		catch (RuntimeException ex) {
			cacheRequest.fail(ex);
		}
	}

	// Null if there are no dates and times in the system text
	private static @Nullable Prompt withoutTimes(Prompt prompt) {
		List<Message> messages = null;
		List<Message> given = prompt.getInstructions();
		for (int i = 0; i < given.size(); i++) {
			if (given.get(i) instanceof SystemMessage system && system.getText() != null) {
				String masked = TimeText.masked(system.getText());
				if (!masked.equals(system.getText())) {
					messages = (messages != null) ? messages : new ArrayList<>(given);
					messages.set(i, system.mutate().text(masked).build());
				}
			}
		}
		return (messages != null) ? new Prompt(messages, prompt.getOptions()) : null;
	}

	/**
	 * Note an answer that was bought and is to be stored.
	 * @param lookup the look-up that found nothing
	 * @param answer the answer
	 */
	void bought(ExactLookup lookup, CachedResponse answer) {
		CacheRequest cacheRequest = lookup.cacheRequest();
		try {
			if (cacheRequest.call().isShadow()) {
				return;
			}
			AnswerHash hash = AnswerHash.of(answer, cacheRequest.tier().ticker().read());
			AnswerHash before = this.answers.asMap().put(lookup.key(), hash);
			// What is bought twice at a time tells how a model varies
			if (before != null && hash.at() - before.at() >= APART.toNanos()) {
				Change change = before.change(hash, SamplingOptions.isDeterministic(cacheRequest.request().prompt()));
				cacheRequest.tier()
					.statistics()
					.plan(cacheRequest.call().planKey())
					.increment(ExactCacheFeature.BOUGHT_AGAIN, change.value());
			}
		}
		catch (RuntimeException ex) {
			cacheRequest.fail(ex);
		}
	}

	/**
	 * What an answer is compared with the one before.
	 */
	enum Change {

		/**
		 * The same text.
		 */
		SAME,

		/**
		 * Another text with the same numbers, as a model gives it that is free to vary.
		 */
		REWORDED,

		/**
		 * Other numbers, or another text of a model that is not free to vary.
		 */
		CHANGED;

		String value() {
			return name().toLowerCase(Locale.ROOT);
		}

	}

	/**
	 * What is kept of an answer.
	 *
	 * @param text the hash of its words
	 * @param numbers the hash of the numbers in it
	 * @param at when it was bought, in nanoseconds
	 */
	private record AnswerHash(int text, int numbers, long at) {

		static AnswerHash of(CachedResponse answer, long now) {
			int text = 1;
			int numbers = 1;
			for (CachedGeneration generation : answer.generations()) {
				String words = (generation.text() != null) ? generation.text() : "";
				boolean inNumber = false;
				for (int i = 0; i < words.length(); i++) {
					char character = words.charAt(i);
					boolean digit = Character.isDigit(character);
					text = Character.isWhitespace(character) ? text : 31 * text + character;
					numbers = digit ? 31 * numbers + character : inNumber ? 31 * numbers : numbers;
					inNumber = digit;
				}
				text = 31 * text;
				numbers = 31 * (inNumber ? 31 * numbers : numbers);
			}
			return new AnswerHash(text, numbers, now);
		}

		Change change(AnswerHash after, boolean deterministic) {
			if (this.numbers != after.numbers) {
				return Change.CHANGED;
			}
			if (this.text == after.text) {
				return Change.SAME;
			}
			return deterministic ? Change.CHANGED : Change.REWORDED;
		}

	}

}
