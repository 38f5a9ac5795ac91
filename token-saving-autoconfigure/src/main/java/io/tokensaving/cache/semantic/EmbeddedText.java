package io.tokensaving.cache.semantic;

/**
 * The embedding of a text. The vector must not be modified.
 *
 * @param vector the embedding, of length 1
 * @param space identifies the model and its number of dimensions, in hexadecimal digits;
 * vectors of different spaces cannot be compared
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record EmbeddedText(float[] vector, String space) {

}
