package io.tokensaving.promptcache;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import org.jspecify.annotations.Nullable;

/**
 * Finds what differs between the system texts of successive requests, which ends the
 * prefix that a provider can reuse. Texts are compared in memory with the latest one of
 * their kind and never leave this class: a finding tells where and what kind of text
 * differs, not the text. Thread-safe. Keeps at most {@value #MAX_SCOPES} scopes with
 * {@value #MAX_TEMPLATES} texts of {@value #MAX_CHARS} characters each, 16 MB of Latin
 * text.
 */
final class VolatileTexts {

	static final int MAX_SCOPES = 256;

	static final int MAX_TEMPLATES = 2;

	/**
	 * What follows is not compared.
	 */
	static final int MAX_CHARS = 32 * 1024;

	/**
	 * So many requests must differ before it is said.
	 */
	static final int MIN_CHANGES = 3;

	private static final int MAX_CONVERSATIONS = 64;

	// Older requests count half each time so many were seen
	private static final int HALF_LIFE = 200;

	private final Cache<String, Scope> scopes = Caffeine.newBuilder().maximumSize(MAX_SCOPES).build();

	/**
	 * Note the system text of a request.
	 * @param scope what the request is compared within, such as workspace, plan and model
	 * @param text the system text
	 * @param conversation the conversation that the request belongs to, or {@code null}
	 * if it is not known
	 * @return what differs, or {@code null} if too few requests did
	 */
	@Nullable Finding observe(String scope, String text, @Nullable String conversation) {
		String head = (text.length() > MAX_CHARS) ? text.substring(0, MAX_CHARS) : text;
		Integer id = (conversation != null) ? conversation.hashCode() : null;
		return this.scopes.get(scope, (key) -> new Scope()).observe(head, text.length(), id);
	}

	/**
	 * What differs between system texts.
	 *
	 * @param kinds what kinds of text; never empty
	 * @param stableHead how many characters at the start, up to the end of a line, were
	 * the same in all requests
	 * @param chars how long the latest text is, in characters
	 * @param requests how many requests were compared
	 * @param changes how many of them differed from the one before
	 * @param lines the skeletons of lines that differ only in a time or an identifier
	 * @param constantInConversation whether the text stays the same within a conversation
	 */
	record Finding(Set<VolatileKind> kinds, int stableHead, int chars, int requests, int changes, Set<String> lines,
			boolean constantInConversation) {

		Finding {
			kinds = Set.copyOf(kinds);
			lines = Set.copyOf(lines);
		}

	}

	private static final class Scope {

		private final List<Template> templates = new ArrayList<>(MAX_TEMPLATES);

		synchronized @Nullable Finding observe(String text, int chars, @Nullable Integer conversation) {
			Template template = null;
			TextChange change = null;
			for (Template candidate : this.templates) {
				if (candidate.text.equals(text)) {
					template = candidate;
					change = null;
					break;
				}
				TextChange found = TextChange.between(candidate.text, text);
				// Texts of two kinds have less than half in common
				if (found.same() >= Math.max(candidate.text.length(), text.length()) / 2
						&& (change == null || found.same() > change.same())) {
					template = candidate;
					change = found;
				}
			}
			if (template == null) {
				if (this.templates.size() == MAX_TEMPLATES) {
					this.templates.remove(0);
				}
				template = new Template(text);
			}
			else {
				this.templates.remove(template);
				template.add(text, change, conversation);
			}
			// The one that was used last is the last
			this.templates.add(template);
			return template.finding(chars);
		}

	}

	private static final class Template {

		private String text;

		private int requests = 1;

		private int changes;

		private int stableHead = Integer.MAX_VALUE;

		private int sameInConversation;

		private int otherInConversation;

		private final Map<VolatileKind, Integer> kinds = new EnumMap<>(VolatileKind.class);

		private final Set<String> lines = new HashSet<>();

		private final Map<Integer, Integer> conversations = new LinkedHashMap<>(16, 0.75f, true) {

			@Override
			protected boolean removeEldestEntry(Map.Entry<Integer, Integer> eldest) {
				return size() > MAX_CONVERSATIONS;
			}

		};

		Template(String text) {
			this.text = text;
		}

		void add(String text, @Nullable TextChange change, @Nullable Integer conversation) {
			this.requests++;
			if (conversation != null) {
				Integer last = this.conversations.put(conversation, text.hashCode());
				if (last != null && last == text.hashCode()) {
					this.sameInConversation++;
				}
				else if (last != null) {
					this.otherInConversation++;
				}
			}
			if (change != null) {
				this.changes++;
				this.stableHead = Math.min(this.stableHead, change.start());
				for (VolatileKind kind : change.kinds()) {
					this.kinds.merge(kind, 1, Integer::sum);
				}
				if (this.lines.size() < MAX_CONVERSATIONS) {
					this.lines.addAll(change.lines());
				}
			}
			this.text = text;
			if (this.requests >= HALF_LIFE) {
				forget();
			}
		}

		private void forget() {
			this.requests /= 2;
			this.changes /= 2;
			this.sameInConversation /= 2;
			this.otherInConversation /= 2;
			this.kinds.replaceAll((kind, count) -> count / 2);
			this.kinds.values().removeIf((count) -> count == 0);
			if (this.changes == 0) {
				this.stableHead = Integer.MAX_VALUE;
				this.lines.clear();
			}
		}

		@Nullable Finding finding(int chars) {
			if (this.changes < MIN_CHANGES || this.kinds.isEmpty()) {
				return null;
			}
			Set<VolatileKind> found = EnumSet.copyOf(this.kinds.keySet());
			boolean constant = this.sameInConversation > 0 && this.otherInConversation <= this.sameInConversation / 10;
			if (constant && found.contains(VolatileKind.OTHER)) {
				found.remove(VolatileKind.OTHER);
				found.add(VolatileKind.USER_DATA);
			}
			return new Finding(found, this.stableHead, chars, this.requests, this.changes, this.lines, constant);
		}

	}

}
