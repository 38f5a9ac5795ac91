package io.tokensaving.request;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Random;

import io.tokensaving.MadeUpChatOptions;
import io.tokensaving.provider.Dialects;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.prompt.Prompt;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ObjectProperty}.
 */
class ObjectPropertyTests {

	@Test
	void getterAndQuestionOfOneNameAreBothPartOfTheKey() {
		String base = fingerprint(new SearchOptions("auto", false));
		assertThat(fingerprint(new SearchOptions("auto", true))).isNotEqualTo(base);
		assertThat(fingerprint(new SearchOptions("forced", false))).isNotEqualTo(base);
		assertThat(fingerprint(new SearchOptions("auto", false))).isEqualTo(base);
	}

	@Property(tries = 100)
	void propertiesDoNotDependOnTheOrderOfMethods(@ForAll long seed) {
		for (Class<?> type : List.of(SearchOptions.class, FieldAndBoth.class, MadeUpChatOptions.class)) {
			List<Method> methods = Arrays.asList(type.getMethods());
			Collections.shuffle(methods, new Random(seed));
			assertThat(names(ObjectProperty.find(type, methods.toArray(Method[]::new))))
				.isEqualTo(names(ObjectProperty.find(type, type.getMethods())))
				.isSorted()
				.doesNotHaveDuplicates();
		}
	}

	@Test
	void fieldThatNoGetterOfItsTypeReadsIsAPropertyToo() {
		assertThat(names(ObjectProperty.of(FieldAndBoth.class))).containsExactly("getMode()java.lang.String",
				FieldAndBoth.class.getName() + ".mode", "isMode()boolean");
	}

	private static List<String> names(Collection<ObjectProperty> properties) {
		return properties.stream().map(ObjectProperty::name).toList();
	}

	private static String fingerprint(SearchOptions options) {
		return RequestFingerprint
			.of("w", "p", null, new Prompt(new UserMessage("x"), options),
					new CallState.OutputFormat(null, null, false), null, Dialects.builtIn())
			.exact();
	}

	/**
	 * Options whose state is not in fields of the names of the getters.
	 */
	static final class SearchOptions extends MadeUpChatOptions {

		private final transient String webSearchMode;

		private final transient boolean webSearchFlag;

		SearchOptions(String mode, boolean flag) {
			this.webSearchMode = mode;
			this.webSearchFlag = flag;
		}

		public String getWebSearch() {
			return this.webSearchMode;
		}

		public boolean isWebSearch() {
			return this.webSearchFlag;
		}

	}

	static final class FieldAndBoth {

		private final int mode = 1;

		public String getMode() {
			return "mode " + this.mode;
		}

		public boolean isMode() {
			return this.mode > 0;
		}

	}

}
