package io.tokensaving.route.cascade;

/**
 * A check with the name by which plans select it. Immutable.
 * <p>
 * Internal: not part of the API, may change at any time.
 *
 * @param name the name
 * @param check the check
 */
public record NamedCheck(String name, ConfidenceCheck check) {

}
