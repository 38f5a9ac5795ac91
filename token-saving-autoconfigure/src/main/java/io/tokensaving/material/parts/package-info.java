/**
 * Texts divided into the parts that they are made of, whatever their kind: sentences,
 * sections, declarations, records, elements, lines. A divided text can be rendered with
 * some of its parts left out, in a form that is still of its kind. Knows no feature, no
 * message and no tokens. Internal: nothing in this package is part of the API.
 */
@NullMarked
package io.tokensaving.material.parts;

import org.jspecify.annotations.NullMarked;
