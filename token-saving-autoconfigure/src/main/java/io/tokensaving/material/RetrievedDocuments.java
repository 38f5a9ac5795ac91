package io.tokensaving.material;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.document.Document;

/**
 * The documents that Spring AI's advisors have retrieved for a request. They leave them
 * in its context, where they stay for all rounds of the tool loop.
 */
public final class RetrievedDocuments {

	/**
	 * Where {@code QuestionAnswerAdvisor} leaves its documents.
	 */
	static final String QUESTION_ANSWER_KEY = "qa_retrieved_documents";

	/**
	 * Where {@code RetrievalAugmentationAdvisor} leaves its documents.
	 */
	static final String RETRIEVAL_AUGMENTATION_KEY = "rag_document_context";

	private RetrievedDocuments() {
	}

	/**
	 * Return the texts of the documents in the context of a request.
	 * @param context the context
	 * @return the texts; empty if nothing was retrieved
	 */
	public static List<String> texts(Map<String, ? extends @Nullable Object> context) {
		List<String> texts = new ArrayList<>();
		addTexts(context.get(QUESTION_ANSWER_KEY), texts);
		addTexts(context.get(RETRIEVAL_AUGMENTATION_KEY), texts);
		return texts;
	}

	private static void addTexts(@Nullable Object documents, List<String> texts) {
		if (documents instanceof Iterable<?> iterable) {
			for (Object element : iterable) {
				if (element instanceof Document document && document.getText() != null) {
					texts.add(document.getText());
				}
			}
		}
	}

}
