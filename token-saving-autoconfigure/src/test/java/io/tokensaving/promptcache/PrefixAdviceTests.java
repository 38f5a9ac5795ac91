package io.tokensaving.promptcache;

import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.tokensaving.feature.Advice;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.promptcache.VolatileTexts.Finding;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link PrefixAdvice}.
 */
class PrefixAdviceTests {

	private static final PlanKey PLAN = new PlanKey("default", "support-bot");

	private static final Set<PrefixBreak> NONE = EnumSet.noneOf(PrefixBreak.class);

	private final PrefixAdvice advice = new PrefixAdvice();

	@Test
	void saysWhatWasSeenOften() {
		for (int i = 0; i < 5; i++) {
			this.advice.add(PLAN, Set.of(PrefixBreak.SLIDING_WINDOW), null, 0);
		}
		for (int i = 0; i < 4; i++) {
			this.advice.add(PLAN, Set.of(PrefixBreak.TOOL_SEARCH), null, 0);
		}
		assertThat(this.advice.of(PLAN)).extracting(Advice::cause).containsExactly("sliding_window", "tool_search");
		assertThat(this.advice.of(PLAN).get(0)).satisfies((each) -> {
			assertThat(each.requests()).isEqualTo(5);
			assertThat(each.description()).isNotBlank();
			assertThat(each.remedy()).contains("MessageWindowChatMemory");
		});
		assertThat(this.advice.of(new PlanKey("other", "support-bot"))).isEmpty();
	}

	@Test
	void saysNothingOfWhatIsRare() {
		this.advice.add(PLAN, Set.of(PrefixBreak.TOOLS_CHANGE), null, 0);
		this.advice.add(PLAN, Set.of(PrefixBreak.TOOLS_CHANGE), null, 0);
		assertThat(this.advice.of(PLAN)).isEmpty();
		for (int i = 0; i < 200; i++) {
			this.advice.add(PLAN, NONE, null, 0);
		}
		this.advice.add(PLAN, Set.of(PrefixBreak.TOOLS_CHANGE), null, 0);
		assertThat(this.advice.of(PLAN)).isEmpty();
	}

	@Test
	void tellsWhereASystemTextDiffers() {
		Finding finding = new Finding(Set.of(VolatileKind.TIME, VolatileKind.DATE), 250, 1000, 20, 19, Set.of(), false);
		for (int i = 0; i < 4; i++) {
			this.advice.add(PLAN, NONE, finding, 1000 + i);
		}
		assertThat(this.advice.of(PLAN)).extracting(Advice::cause).containsExactly("volatile_system_text");
		assertThat(this.advice.of(PLAN).get(0).details())
			.isEqualTo(Map.of("kinds", List.of("time", "date"), "position", 0.25, "tokens_behind", 1001L));
	}

	@Test
	void logsEachOnce() {
		Logger logger = (Logger) LoggerFactory.getLogger(PrefixAdvice.class);
		Level before = logger.getLevel();
		ListAppender<ILoggingEvent> lines = new ListAppender<>();
		lines.start();
		logger.addAppender(lines);
		logger.setLevel(Level.INFO);
		for (int i = 0; i < 10; i++) {
			this.advice.add(PLAN, Set.of(PrefixBreak.SLIDING_WINDOW, PrefixBreak.TOOL_SEARCH), null, 0);
		}
		logger.setLevel(before);
		logger.detachAppender(lines);
		assertThat(lines.list).extracting(ILoggingEvent::getFormattedMessage)
			.containsExactlyInAnyOrder(line(PrefixBreak.SLIDING_WINDOW), line(PrefixBreak.TOOL_SEARCH));
	}

	private static String line(PrefixBreak each) {
		return "Prompt caching of plan 'support-bot': " + each.description() + ". " + each.remedy() + ".";
	}

	@Test
	void everyCauseHasWords() {
		for (PrefixBreak each : PrefixBreak.values()) {
			assertThat(each.description()).isNotBlank().doesNotEndWith(".");
			assertThat(each.remedy()).isNotBlank().doesNotEndWith(".");
		}
	}

}
