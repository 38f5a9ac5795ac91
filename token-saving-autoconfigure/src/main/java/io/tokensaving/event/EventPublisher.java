package io.tokensaving.event;

/**
 * Is given the events of all features. Implementations are thread-safe, never block and
 * never throw.
 */
@FunctionalInterface
public interface EventPublisher {

	/**
	 * Drops all events.
	 */
	EventPublisher NONE = (event) -> {
	};

	/**
	 * Publish an event.
	 * @param event the event
	 */
	void publish(TokenSavingEvent event);

}
