package io.tokensaving.samples.gateway.wire;

/**
 * Keys of the metadata of responses.
 */
public final class WireMetadata {

	/**
	 * The body of a whole answer: a text, or bytes if it is not UTF-8.
	 */
	public static final String BODY = "gateway.body";

	/**
	 * The data of the event that an element of a stream was read from, as the client is
	 * to get it. An element without it has nothing for the client: the end of a stream,
	 * or an event with the usage that only this gateway has asked for. Where a whole
	 * answer is served from a cache, its {@link #BODY} counts and this may be left of its
	 * stream.
	 */
	public static final String EVENT = "gateway.event";

	/**
	 * The name of that event, if it has one.
	 */
	public static final String EVENT_NAME = "gateway.event_name";

	/**
	 * {@code true} as long as the provider goes on with an answer whether the client
	 * waits or not, and {@code false} once it has ended.
	 */
	public static final String GOES_ON = "gateway.goes_on";

	private WireMetadata() {
	}

}
