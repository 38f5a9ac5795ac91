package io.tokensaving.samples.gateway.wire.json;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

import org.jspecify.annotations.Nullable;

/**
 * Changes of the members of one object. Not thread-safe.
 */
public final class JsonMembers {

	private JsonMembers() {
	}

	/**
	 * Find a member.
	 * @param members the members of the object
	 * @param name the name
	 * @return the member, or {@code null} if there is none
	 */
	public static @Nullable JsonMember find(List<JsonMember> members, String name) {
		for (JsonMember member : members) {
			if (member.name().equals(name)) {
				return member;
			}
		}
		return null;
	}

	/**
	 * Remove members and add others.
	 * @param members the members of the object, in order
	 * @param removed which of them are removed
	 * @param added the members to add, without commas between them
	 * @param end the offset of the brace that ends the object
	 * @param edits receives the changes
	 */
	public static void change(List<JsonMember> members, Predicate<JsonMember> removed, List<String> added, int end,
			JsonEdits edits) {
		List<JsonMember> kept = new ArrayList<>();
		for (int i = 0; i < members.size(); i++) {
			JsonMember member = members.get(i);
			if (!removed.test(member)) {
				kept.add(member);
			}
			else if (i + 1 < members.size()) {
				edits.replace(member.keyStart(), members.get(i + 1).keyStart(), new JsonPieces());
			}
			else {
				edits.replace(member.keyStart(), member.value().end(), new JsonPieces());
			}
		}
		int last = members.size() - 1;
		if (!kept.isEmpty() && kept.get(kept.size() - 1) != members.get(last)) {
			// The comma behind the last one that is kept
			int behind = kept.get(kept.size() - 1).value().end();
			edits.replace(behind, members.get(members.indexOf(kept.get(kept.size() - 1)) + 1).keyStart(),
					new JsonPieces());
		}
		for (int i = 0; i < added.size(); i++) {
			edits.insert(end, ((i > 0 || !kept.isEmpty()) ? "," : "") + added.get(i));
		}
	}

}
