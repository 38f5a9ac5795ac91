package io.tokensaving.dedup;

import java.util.Set;
import java.util.function.Supplier;

import io.tokensaving.dedup.DedupSettings.OnError;
import io.tokensaving.dedup.ModelCalls.NotStartedException;
import io.tokensaving.request.CacheDirectives;
import io.tokensaving.request.CallState;
import io.tokensaving.request.Reentrance;
import io.tokensaving.request.SamplingOptions;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientRequest;

/**
 * The data that sharing a request needs. Immutable.
 *
 * @param call the state of the call
 * @param settings the dedup settings of its plan
 * @param key the key; requests with equal keys share an answer
 * @param led the keys of the calls that the request is nested in, and its own key
 */
record Ticket(CallState call, DedupSettings settings, String key, Set<String> led) {

	/**
	 * Create the ticket of a request.
	 * @param request the request
	 * @param call the state of its call
	 * @param settings the dedup settings of its plan
	 * @param partOf supplies the keys of the calls that the request is nested in
	 * @return the ticket, or {@code null} if the request must not be shared
	 * @throws io.tokensaving.request.FingerprintException if the request has no
	 * fingerprint
	 */
	static @Nullable Ticket of(ChatClientRequest request, CallState call, DedupSettings settings,
			Supplier<Set<String>> partOf) {
		Double maxTemperature = settings.maxTemperature();
		if (call.dialect(request).asksForSeveral(request.prompt().getOptions())
				|| (maxTemperature != null && SamplingOptions.isAbove(request.prompt(), maxTemperature))) {
			return null;
		}
		String key = key(call.fingerprint(request).exact(), call.directives());
		Set<String> led = partOf.get();
		// A model that sends an equal request itself must not wait for its own answer
		return led.contains(key) ? null : new Ticket(call, settings, key, Reentrance.with(led, key));
	}

	// Requests that accept different answers from an inner cache do not share
	private static String key(String fingerprint, CacheDirectives directives) {
		boolean plain = !directives.noCache() && directives.maxAge() == null
				&& directives.similarityThreshold() == null;
		return plain ? fingerprint : "%s %s %s %s".formatted(fingerprint, directives.noCache(), directives.maxAge(),
				directives.similarityThreshold());
	}

	/**
	 * Whether this request fails too if the shared call fails.
	 * @param failure the failure
	 * @return {@code false} if this request calls the model itself instead
	 */
	boolean shares(Throwable failure) {
		return this.settings.onError() == OnError.SHARE && !(failure instanceof NotStartedException);
	}

}
