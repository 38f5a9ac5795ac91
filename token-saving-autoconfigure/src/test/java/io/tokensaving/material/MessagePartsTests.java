package io.tokensaving.material;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

import io.tokensaving.material.Span.Kind;
import io.tokensaving.material.Span.Source;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import org.springframework.ai.document.Document;
import org.springframework.ai.rag.Query;
import org.springframework.ai.rag.generation.augmentation.ContextualQueryAugmenter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link MessageParts}.
 */
class MessagePartsTests {

	private static final String FIRST = "Orders can be sent back within 30 days.\nThe parcel must be closed.";

	private static final String SECOND = "Refunds take five working days.";

	private static final String QUESTION = "How long do I have to return an order";

	@Test
	void documentsOfRetrievalAugmentationAreFoundInTheMessage() {
		List<Document> documents = List.of(new Document(FIRST), new Document(SECOND));
		String text = ContextualQueryAugmenter.builder().build().augment(new Query(QUESTION), documents).text();
		MessageParts parts = MessageParts.of(text, texts(documents), MessageParts.CLEAR);
		assertThat(parts.question()).isEqualTo(QUESTION);
		assertThat(material(text, parts)).containsExactly(FIRST, SECOND);
		assertThat(parts.spans()).filteredOn((span) -> span.kind() == Kind.MATERIAL)
			.allMatch((span) -> span.source() == Source.DOCUMENT);
		// The rules of the template are recognised without the documents too
		MessageParts unknown = MessageParts.of(text, List.of(), MessageParts.CLEAR);
		assertThat(unknown.question()).isEqualTo(QUESTION);
		assertThat(material(text, unknown)).containsExactly(FIRST + "\n" + SECOND);
	}

	@Test
	void questionOfSeveralParagraphsIsFoundInFrontOfTheContext() {
		String question = "I have bought a lamp.\n\nIt does not work. What now?\n\nThank you";
		String text = questionAnswer(question, FIRST + "\n" + SECOND);
		for (List<String> documents : List.of(List.of(FIRST, SECOND), List.of(SECOND, FIRST), List.<String>of())) {
			MessageParts parts = MessageParts.of(text, documents, MessageParts.CLEAR);
			assertThat(parts.question()).isEqualTo(question);
			assertThat(String.join("\n", material(text, parts))).isEqualTo(FIRST + "\n" + SECOND);
		}
	}

	// As the prompt of Spring AI's QuestionAnswerAdvisor
	static String questionAnswer(String question, String context) {
		String rule = "-".repeat(21);
		return question + "\n\nContext information is below, surrounded by " + rule + "\n\n" + rule + "\n" + context
				+ "\n" + rule + "\n\nUse nothing but the context, and say so if the answer is not there.\n";
	}

	@Test
	void whiteSpaceAndCarriageReturnsDoNotHideADocument() {
		String text = questionAnswer(QUESTION, FIRST.replace("\n", "\r\n"));
		assertThat(material(text, MessageParts.of(text, List.of(FIRST), MessageParts.CLEAR)))
			.containsExactly(FIRST.replace("\n", "\r\n"));
		assertThat(
				material(questionAnswer(QUESTION, FIRST),
						MessageParts.of(questionAnswer(QUESTION, FIRST),
								List.of("  \n" + FIRST.replace("\n", "\r\n") + "\n"), MessageParts.CLEAR)))
			.containsExactly(FIRST);
	}

	@Test
	void delimitedMaterialIsFoundWithoutDocuments() {
		for (String delimited : List.of("<context>\n%s\n</context>", "<doc id=\"1\" title='a b'>%s</doc>",
				"```\n%s\n```", "~~~~ java\n%s\n~~~~", "-----\n%s\n-----", "===\n%s\n===", "***\n%s\n\n***")) {
			String material = delimited.formatted(FIRST);
			for (String text : List.of("Read this:\n" + material + "\n\n" + QUESTION + "?", QUESTION + "?\n" + material,
					QUESTION + "?\n\nUse this:\n\n" + material + "\nBe brief.",
					material + "\nQuestion: " + QUESTION + "?", material + "\n<question>" + QUESTION + "?</question>",
					"Answer by the text.\n" + material + "\n\nUser question: " + QUESTION + "?\n\nAnswer:")) {
				MessageParts parts = MessageParts.of(text, List.of(), MessageParts.CLEAR);
				assertThat(parts.question()).as(text).isEqualTo(QUESTION + "?");
				assertThat(material(text, parts)).as(text).containsExactly(FIRST);
			}
		}
	}

	@Test
	void quotedLinesAreMaterial() {
		String text = "> They wrote:\n> it is late\n\nWhat shall I answer?\n> and this\n";
		MessageParts parts = MessageParts.of(text, List.of(), MessageParts.CLEAR);
		assertThat(material(text, parts)).containsExactly("> They wrote:\n> it is late", "> and this");
		assertThat(parts.question()).isEqualTo("What shall I answer?");
	}

	@Test
	void plainQuestionsHaveNoMaterial() {
		for (String text : List.of(QUESTION, "", "a", "Is a < b and c > d?", "List<String> or Set<String>?",
				"One\n\nTwo?", "- one\n- two\n- three", "a\n---\nb", "```\nunclosed", "Write to <me@example.com>",
				"<b>\nnever closed", "</b> never opened <b>", "Use `code` here?", "# Title\n\ntext", "5 > 3?")) {
			MessageParts parts = MessageParts.of(text, List.of("a document that is not there"), MessageParts.CLEAR);
			assertThat(parts.hasMaterial()).as(text).isFalse();
			assertThat(parts.question()).as(text).isEqualTo(text);
		}
	}

	@Test
	void outermostDelimitersCount() {
		String inner = "<doc>\n```\ncode\n```\n---\nx\n---\n</doc>";
		String text = "Why?\n<docs>\n" + inner + "\n" + inner + "\n</docs>\n";
		MessageParts parts = MessageParts.of(text, List.of(), MessageParts.CLEAR);
		assertThat(material(text, parts)).containsExactly(inner + "\n" + inner);
		assertThat(parts.question()).isEqualTo("Why?");
	}

	@Test
	void longParagraphsAreMaterialOnlyIfAskedFor() {
		String paragraph = "word ".repeat(200).strip();
		String text = paragraph + "\n\nWhat is it about?\n\n" + paragraph;
		assertThat(MessageParts.of(text, List.of(), MessageParts.CLEAR).hasMaterial()).isFalse();
		MessageParts parts = MessageParts.of(text, List.of(), EnumSet.of(Source.PARAGRAPH));
		assertThat(material(text, parts)).containsExactly(paragraph, paragraph);
		assertThat(parts.question()).isEqualTo("What is it about?");
	}

	@Test
	void digestTellsEverythingButTheQuestion() {
		List<String> texts = List.of(questionAnswer(QUESTION, FIRST), questionAnswer(QUESTION, SECOND),
				questionAnswer(QUESTION, FIRST) + ".", " " + questionAnswer(QUESTION, FIRST).replace("Use", "use"));
		assertThat(texts.stream().map(MessagePartsTests::digest).distinct()).hasSize(4);
		assertThat(digest(questionAnswer("Another one", FIRST))).isNotEqualTo(digest(texts.get(1)));
		assertThat(digest(questionAnswer(QUESTION, FIRST))).isEqualTo(digest(questionAnswer("Another one?", FIRST)));
	}

	private static String digest(String text) {
		return MessageParts.of(text, List.of(), MessageParts.CLEAR).digestWithoutQuestion();
	}

	@Property(tries = 2000)
	void spansCoverTheTextAndTwoTextsOfOneDigestDifferInTheirQuestionsOnly(
			@ForAll @Size(max = 12) List<@net.jqwik.api.constraints.IntRange(min = 0, max = 17) Integer> lines) {
		String[] pieces = { "---", "```", "~~~", "<a1>", "</a1>", "> quoted", "A question?", "Question: what", "",
				"text", "<question>ask</question>", "===", "Answer:", "A known document", "````", "\r", "Intro:",
				"Context information is below, surrounded by ---" };
		StringBuilder builder = new StringBuilder();
		lines.forEach((line) -> builder.append(pieces[line]).append('\n'));
		String text = builder.toString();
		for (Set<Source> sources : List.of(MessageParts.CLEAR, EnumSet.allOf(Source.class))) {
			MessageParts parts = MessageParts.of(text, List.of("A known document"), sources);
			int end = 0;
			int questions = 0;
			for (Span span : parts.spans()) {
				assertThat(span.start()).isEqualTo(end);
				end = span.end();
				questions += (span.kind() == Kind.QUESTION && span.source() != Source.REST) ? 1 : 0;
			}
			assertThat(end).isEqualTo(text.length());
			assertThat(questions).isLessThanOrEqualTo(1);
			if (parts.hasMaterial() && !parts.question().isBlank()) {
				assertThat(text).contains(parts.question());
			}
		}
	}

	@Test
	@Timeout(60)
	void hostileTextsTakeLinearTime() {
		int length = 2_000_000;
		Random random = new Random(5);
		StringBuilder fences = new StringBuilder();
		for (int i = 1400; i > 3; i--) {
			fences.append("`".repeat(i)).append("x\n");
		}
		List<String> documents = new ArrayList<>();
		for (int i = 0; i < 200; i++) {
			documents.add("a".repeat(5000 + i) + "b");
		}
		documents.add("A short one");
		for (String text : List.of("a".repeat(length), "<aa>\n".repeat(length / 5), "</aa>\n<aa>".repeat(length / 10),
				"---\n".repeat(length / 4), fences.toString(), "```x\n".repeat(length / 5), "> \n".repeat(length / 3),
				"Question:\n".repeat(length / 10), "\n".repeat(length), " ".repeat(length), "<" + "a".repeat(length),
				"<aa " + "b".repeat(length) + ">\n</aa>", "?".repeat(length),
				"Context information is below, surrounded by ---\n".repeat(length / 48))) {
			assertThat(MessageParts.of(text, documents, EnumSet.allOf(Source.class)).spans()).isNotEmpty();
			int cut = random.nextInt(text.length());
			assertThat(MessageParts.of(text.substring(cut), documents, MessageParts.CLEAR).digestWithoutQuestion())
				.hasSize(64);
		}
	}

	@Test
	void manyDocumentsAreFoundInOneOfThem() {
		Random random = new Random(3);
		List<String> documents = new ArrayList<>();
		for (int i = 0; i < 300; i++) {
			StringBuilder document = new StringBuilder("Chapter ");
			for (int j = 0; j < 40 + random.nextInt(200); j++) {
				document.append(Integer.toString(random.nextInt(1000), 36)).append(' ');
			}
			documents.add(document.toString().strip());
		}
		String text = questionAnswer(QUESTION, String.join("\n", documents));
		java.util.Collections.shuffle(documents, random);
		MessageParts parts = MessageParts.of(text, documents, MessageParts.CLEAR);
		assertThat(material(text, parts)).containsExactlyInAnyOrderElementsOf(documents);
		assertThat(parts.question()).isEqualTo(QUESTION);
	}

	@Test
	void documentsAreTakenFromTheContextOfTheRequest() {
		Map<String, Object> context = Map.of("qa_retrieved_documents", List.of(new Document(FIRST)),
				"rag_document_context", List.of(new Document(SECOND), "no document"), "other", List.of(FIRST));
		assertThat(RetrievedDocuments.texts(context)).containsExactly(FIRST, SECOND);
		assertThat(RetrievedDocuments.texts(Map.of("qa_retrieved_documents", "text"))).isEmpty();
	}

	private static List<String> texts(List<Document> documents) {
		return documents.stream().map(Document::getText).toList();
	}

	private static List<String> material(String text, MessageParts parts) {
		return parts.spans()
			.stream()
			.filter((span) -> span.kind() == Kind.MATERIAL)
			.map((span) -> span.of(text))
			.toList();
	}

}
