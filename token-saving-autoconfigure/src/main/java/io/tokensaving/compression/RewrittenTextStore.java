package io.tokensaving.compression;

import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * Keeps texts that engines have made of old turns beyond this process, so that another
 * instance, or this one after a restart, neither pays for them again nor changes the
 * beginning of a prompt. Calls may block and may fail. Implementations are thread-safe.
 */
public interface RewrittenTextStore {

	/**
	 * Find the first text that is there.
	 * @param workspace the workspace of the plan
	 * @param digests hexadecimal digests of what texts stand for, the preferred one first
	 * @return the text and its digest, or {@code null} if there is none
	 */
	@Nullable Found find(String workspace, List<String> digests);

	/**
	 * Keep a text.
	 * @param workspace the workspace of the plan
	 * @param digest the digest of what it stands for
	 * @param text the text
	 */
	void store(String workspace, String digest, String text);

	/**
	 * A text that was found.
	 *
	 * @param digest the digest of what it stands for
	 * @param text the text
	 */
	record Found(String digest, String text) {

	}

}
