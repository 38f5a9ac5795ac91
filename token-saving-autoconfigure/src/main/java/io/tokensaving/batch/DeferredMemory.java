package io.tokensaving.batch;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.memory.ChatMemoryRepository;
import org.springframework.ai.chat.messages.Message;

/**
 * The conversations that a piece of work reads and writes. Each run finds them as the
 * first one did, and only the run that ends the work is written down. Thread-safe.
 */
final class DeferredMemory {

	private final Map<Place, List<Message>> found = new HashMap<>(2);

	private final Map<Place, @Nullable List<Message>> written = new LinkedHashMap<>(2);

	synchronized void begin() {
		this.written.clear();
	}

	synchronized List<Message> find(ChatMemoryRepository repository, String conversation) {
		Place place = new Place(repository, conversation);
		if (this.written.containsKey(place)) {
			List<Message> messages = this.written.get(place);
			return (messages != null) ? messages : List.of();
		}
		return this.found.computeIfAbsent(place, (key) -> List.copyOf(repository.findByConversationId(conversation)));
	}

	/**
	 * Note what a conversation is from now on.
	 * @param repository where it is kept
	 * @param conversation the id of the conversation
	 * @param messages its messages, or {@code null} if it is deleted
	 */
	synchronized void write(ChatMemoryRepository repository, String conversation, @Nullable List<Message> messages) {
		find(repository, conversation);
		this.written.put(new Place(repository, conversation), (messages != null) ? List.copyOf(messages) : null);
	}

	/**
	 * Write down what the last run has written. What others have added to a conversation
	 * meanwhile stays, in front of it.
	 */
	synchronized void commit() {
		this.written.forEach((place, messages) -> {
			ChatMemoryRepository repository = place.repository();
			if (messages == null) {
				repository.deleteByConversationId(place.conversation());
				return;
			}
			List<Message> before = this.found.getOrDefault(place, List.of());
			List<Message> now = repository.findByConversationId(place.conversation());
			int dropped = dropped(before, messages);
			if (now.equals(before) || dropped < 0) {
				repository.saveAll(place.conversation(), messages);
			}
			else {
				boolean grown = now.size() >= before.size() && now.subList(0, before.size()).equals(before);
				List<Message> all = new ArrayList<>(grown ? now.subList(dropped, now.size()) : now);
				all.addAll(messages.subList(before.size() - dropped, messages.size()));
				repository.saveAll(place.conversation(), all);
			}
		});
		this.written.clear();
	}

	// How many of the oldest messages were dropped to make room for those appended;
	// negative if the conversation was changed in another way
	private static int dropped(List<Message> before, List<Message> after) {
		for (int dropped = 0; dropped < before.size(); dropped++) {
			List<Message> kept = before.subList(dropped, before.size());
			if (after.size() >= kept.size() && after.subList(0, kept.size()).equals(kept)) {
				return dropped;
			}
		}
		return before.isEmpty() ? 0 : -1;
	}

	private record Place(ChatMemoryRepository repository, String conversation) {

		@Override
		@SuppressWarnings("ReferenceEquality")
		public boolean equals(@Nullable Object other) {
			return other instanceof Place place && place.repository == this.repository
					&& place.conversation.equals(this.conversation);
		}

		@Override
		public int hashCode() {
			return this.conversation.hashCode();
		}

	}

}
