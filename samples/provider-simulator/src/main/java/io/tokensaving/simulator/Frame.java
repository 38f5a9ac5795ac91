package io.tokensaving.simulator;

/**
 * An event of a stream.
 *
 * @param text the event as it stands on the wire
 * @param output tokens that the client has got with it and those before it
 * @param thinking tokens of thinking that came with it and those before it
 */
record Frame(String text, int output, int thinking) {

}
