package io.tokensaving.compression;

import java.util.List;

/**
 * A sentence that may be kept or left out. What counts as one is up to the splitting of
 * the text: an item of a list or a table are sentences too.
 *
 * @param text the text
 * @param terms its terms with repetitions and in order: stems in lower case without stop
 * words; may be empty
 * @param tokens about how many tokens it has for the model of the request
 * @param message the index of the message that it is from, among the messages that may be
 * shortened; sentences of one message follow each other
 */
public record Sentence(String text, List<String> terms, int tokens, int message) {

}
