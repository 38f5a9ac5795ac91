package io.tokensaving.cache.semantic.guard;

import java.util.List;

/**
 * What a question has besides words. Immutable.
 *
 * @param operations operators between two operands, in order
 * @param symbols other signs that are no punctuation, and words in another script than
 * the rest, sorted
 * @param flags options of commands, such as {@code --hard}, sorted
 * @param paths files, directories and addresses, sorted
 */
record Signs(List<Operation> operations, List<String> symbols, List<String> flags, List<String> paths) {

	static final Signs NONE = new Signs(List.of(), List.of(), List.of(), List.of());

	/**
	 * An operator between its operands.
	 *
	 * @param left the operand before it, in lower case
	 * @param operator the operator
	 * @param right the operand behind it, in lower case
	 */
	record Operation(String left, String operator, String right) {

		boolean isSame(Operation other) {
			if (!this.operator.equals(other.operator)) {
				return false;
			}
			boolean commutes = this.operator.equals("+") || this.operator.equals("*") || this.operator.equals("=");
			return (this.left.equals(other.left) && this.right.equals(other.right))
					|| (commutes && this.left.equals(other.right) && this.right.equals(other.left));
		}

	}

}
