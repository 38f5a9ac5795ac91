package io.tokensaving.cache;

import java.util.Collections;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * The stored form of a value whose class a provider's dialect supports: the class name
 * and the parts that the value is restored from. The class is looked up only when the
 * answer is replayed. Immutable.
 *
 * @param type the binary name of the class
 * @param parts the parts in their stored form
 */
record StoredObject(String type, List<? extends @Nullable Object> parts) {

	StoredObject {
		parts = Collections.unmodifiableList(parts);
	}

}
