package io.tokensaving;

/**
 * The marks around material in a message. They are noncharacters of Unicode, which are
 * meant for use within a process and occur in no text that is interchanged.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class CompressibleText {

	/**
	 * Stands before material.
	 */
	public static final char START = '\uFDD0';

	/**
	 * Stands behind material.
	 */
	public static final char END = '\uFDD1';

	private CompressibleText() {
	}

	static String mark(String text) {
		return START + text + END;
	}

}
