package io.tokensaving.autoconfigure;

import java.time.Duration;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;

import io.tokensaving.Component;
import io.tokensaving.Eventually;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.budget.BudgetExceededEvent;
import io.tokensaving.budget.BudgetWarnedEvent;
import io.tokensaving.event.AnswerServedEvent;
import io.tokensaving.event.AnswerVetoedEvent;
import io.tokensaving.event.TokenSavingEvent;
import io.tokensaving.statistics.SavingsStatistics;
import org.junit.jupiter.api.Test;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.model.chat.client.autoconfigure.ChatClientAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.event.EventListener;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ApplicationEvents}.
 */
class ApplicationEventsTests {

	private static final TokenSavingEvent EVENT = new AnswerVetoedEvent("default", "p", "numbers");

	private final SavingsStatistics statistics = new SavingsStatistics();

	private final ConcurrentLinkedQueue<Object> published = new ConcurrentLinkedQueue<>();

	@Test
	void whatHappensIsPublished() {
		new ApplicationContextRunner()
			.withConfiguration(
					AutoConfigurations.of(TokenSavingAutoConfiguration.class, ChatClientAutoConfiguration.class))
			.withBean(ChatModel.class, ScriptedChatModel::echoing)
			.withBean(Listener.class)
			.withPropertyValues("token-saving.default-plan=p", "token-saving.plans.p.cache.backend=in_memory",
					"token-saving.plans.p.budget.tokens=120", "token-saving.plans.p.budget.warn=0.5")
			.run((context) -> {
				ChatClient client = context.getBean(ChatClient.Builder.class).build();
				client.prompt().user("Question?").call().content();
				client.prompt().user("Question?").call().content();
				Listener listener = context.getBean(Listener.class);
				Eventually.await("three events", () -> listener.events.size() == 3);
				assertThat(listener.events)
					.hasExactlyElementsOfTypes(BudgetWarnedEvent.class, BudgetExceededEvent.class,
							AnswerServedEvent.class)
					.allSatisfy((event) -> assertThat(event.plan()).isEqualTo("p"));
				assertThat(listener.threads).allMatch((thread) -> thread.startsWith("token-saving-events"));
				assertThat(context.getBean(SavingsStatistics.class).errors(Component.EVENTS)).isZero();
			});
	}

	@Test
	void aListenerThatThrowsHarmsNobody() {
		try (ApplicationEvents events = new ApplicationEvents((event) -> {
			this.published.add(event);
			throw new StackOverflowError();
		}, (event) -> true, this.statistics, Duration.ofMinutes(1))) {
			assertThat(events).isNotNull();
			for (int i = 0; i < 3; i++) {
				this.statistics.publish(EVENT);
			}
			Eventually.await(() -> this.statistics.errors(Component.EVENTS) == 3);
			assertThat(this.published).hasSize(3);
		}
	}

	@Test
	void aListenerThatHangsHoldsUpNoCallerAndWhatFindsNoRoomIsCounted() {
		CountDownLatch end = new CountDownLatch(1);
		try (ApplicationEvents events = new ApplicationEvents((event) -> {
			this.published.add(event);
			awaitUninterruptibly(end);
		}, (event) -> true, this.statistics, Duration.ofMinutes(10))) {
			assertThat(events).isNotNull();
			this.statistics.publish(EVENT);
			Eventually.await(() -> this.published.size() == 1);
			for (int i = 0; i < ApplicationEvents.MAX_WAITING + 5; i++) {
				this.statistics.publish(EVENT);
			}
			assertThat(this.statistics.errors(Component.EVENTS)).isEqualTo(5);
			end.countDown();
			Eventually.await(() -> this.published.size() == ApplicationEvents.MAX_WAITING + 1);
		}
	}

	@Test
	void aListenerThatTakesTooLongIsInterrupted() {
		AtomicBoolean interrupted = new AtomicBoolean();
		try (ApplicationEvents events = new ApplicationEvents((event) -> {
			if (this.published.isEmpty()) {
				this.published.add(event);
				try {
					new CountDownLatch(1).await();
				}
				catch (InterruptedException ex) {
					interrupted.set(true);
				}
			}
			else {
				this.published.add(event);
			}
		}, (event) -> true, this.statistics, Duration.ofMillis(10))) {
			assertThat(events).isNotNull();
			this.statistics.publish(EVENT);
			this.statistics.publish(EVENT);
			Eventually.await(() -> this.published.size() == 2);
			assertThat(interrupted).isTrue();
			assertThat(this.statistics.errors(Component.EVENTS)).isEqualTo(1);
		}
	}

	@Test
	void nothingIsPublishedAndNothingFindsNoRoomIfNobodyListens() {
		try (ApplicationEvents events = new ApplicationEvents(this.published::add, (event) -> false, this.statistics,
				Duration.ofMinutes(1))) {
			assertThat(events).isNotNull();
			for (int i = 0; i < 5 * ApplicationEvents.MAX_WAITING; i++) {
				this.statistics.publish(EVENT);
			}
			assertThat(this.published).isEmpty();
			assertThat(this.statistics.errors(Component.EVENTS)).isZero();
		}
	}

	@Test
	void anApplicationWithoutAListenerPublishesNothing() {
		new ApplicationContextRunner().withConfiguration(AutoConfigurations.of(TokenSavingAutoConfiguration.class))
			.run((context) -> {
				SavingsStatistics counting = context.getBean(SavingsStatistics.class);
				for (int i = 0; i < 20 * ApplicationEvents.MAX_WAITING; i++) {
					counting.publish(EVENT);
				}
				assertThat(counting.errors(Component.EVENTS)).isZero();
			});
	}

	@Test
	void nothingIsPublishedOnceTheContextIsClosed() {
		ApplicationEvents events = new ApplicationEvents(this.published::add, (event) -> true, this.statistics,
				Duration.ofMinutes(1));
		events.close();
		this.statistics.publish(EVENT);
		assertThat(this.published).isEmpty();
		assertThat(this.statistics.errors(Component.EVENTS)).isZero();
	}

	private static void awaitUninterruptibly(CountDownLatch latch) {
		try {
			latch.await();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * Listens as an application does.
	 */
	static class Listener {

		private final ConcurrentLinkedQueue<TokenSavingEvent> events = new ConcurrentLinkedQueue<>();

		private final ConcurrentLinkedQueue<String> threads = new ConcurrentLinkedQueue<>();

		@EventListener
		void happened(TokenSavingEvent event) {
			this.threads.add(Thread.currentThread().getName());
			this.events.add(event);
		}

	}

}
