package io.tokensaving.samples.gateway.wire.message;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.springframework.ai.chat.messages.Message;

/**
 * Where messages stand in the document of the client. It is in their metadata, which
 * advisors that make a message shorter keep.
 */
public final class MessagePlaces {

	// No part of the keys of answers, as it has none of the words that make it one
	private static final String PLACES = "gateway.places";

	private static final String UNMARKABLE = "gateway.unmarkable";

	private MessagePlaces() {
	}

	/**
	 * Return metadata with places.
	 * @param places the indices in the document; of a message with the results of tools
	 * one for each result
	 * @return the metadata
	 */
	public static Map<String, Object> metadata(List<Integer> places) {
		return Map.of(PLACES, List.copyOf(places));
	}

	/**
	 * Return metadata with places of a message that cannot say that the prefix that ends
	 * behind it is to be kept.
	 * @param places the indices in the document
	 * @return the metadata
	 */
	public static Map<String, Object> unmarkable(List<Integer> places) {
		return Map.of(PLACES, List.copyOf(places), UNMARKABLE, true);
	}

	/**
	 * Whether a message can say that the prefix that ends behind it is to be kept.
	 * @param message the message
	 * @return whether it can
	 */
	public static boolean isMarkable(Message message) {
		return !message.getMetadata().containsKey(UNMARKABLE);
	}

	/**
	 * Return where a message stands.
	 * @param message the message
	 * @return the indices, none if it is not of the document
	 */
	public static List<Integer> of(Message message) {
		if (!(message.getMetadata().get(PLACES) instanceof List<?> list)) {
			return List.of();
		}
		List<Integer> places = new ArrayList<>(list.size());
		for (Object place : list) {
			if (place instanceof Integer index) {
				places.add(index);
			}
		}
		return places;
	}

}
