package io.tokensaving.promptcache;

import java.time.Instant;

/**
 * Passes on between the instances of an application which prefixes they have sent to
 * providers, so that each learns from the requests of all. Messages contain digests and
 * times only. A message may be lost, or arrive late or in another order. Thread-safe.
 */
public interface PrefixExchange {

	/**
	 * How long a prefix is remembered, and so a message is of use, in minutes. A new
	 * instance should be told the messages of that time first.
	 */
	int KEPT_MINUTES = 65;

	/**
	 * Pass a message on to all other instances. Returns at once, never fails.
	 * @param message the message, less than 1 KiB
	 */
	void send(byte[] message);

	/**
	 * Begin to receive. Called once, before the first message is sent.
	 * @param listener is told the messages of the other instances
	 */
	void listen(Listener listener);

	/**
	 * Is told what other instances send. Does not throw.
	 */
	interface Listener {

		/**
		 * A message of another instance has arrived.
		 * @param message the message
		 * @param now the time
		 */
		void received(byte[] message, Instant now);

		/**
		 * Messages could not be sent or received.
		 * @param failure why
		 */
		void failed(Throwable failure);

	}

}
