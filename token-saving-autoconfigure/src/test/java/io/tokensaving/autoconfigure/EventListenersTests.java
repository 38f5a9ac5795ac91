package io.tokensaving.autoconfigure;

import java.math.BigDecimal;
import java.util.function.Consumer;

import io.tokensaving.Outcome;
import io.tokensaving.event.AnswerServedEvent;
import io.tokensaving.event.AnswerVetoedEvent;
import io.tokensaving.event.TokenSavingEvent;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import org.springframework.context.ApplicationEvent;
import org.springframework.context.ApplicationListener;
import org.springframework.context.PayloadApplicationEvent;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.event.ContextRefreshedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.context.event.SimpleApplicationEventMulticaster;
import org.springframework.context.event.SourceFilteringListener;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link EventListeners}.
 */
class EventListenersTests {

	private static final TokenSavingEvent VETOED = new AnswerVetoedEvent("default", "p", "numbers");

	private final AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext();

	private final EventListeners listeners = new EventListeners(this.context);

	@AfterEach
	void close() {
		this.context.close();
	}

	@Test
	void nobodyListensIfTheContextHasListenersOfOtherEventsOnly() {
		this.context.registerBean(OfOthers.class);
		this.context.registerBean(OfContexts.class);
		this.context.refresh();
		assertThat(this.listeners.test(VETOED)).isFalse();
		assertThat(this.listeners.test(VETOED)).isFalse();
	}

	@Test
	void methodsListenToTheirEventsAndToThoseAbove() {
		this.context.registerBean(OfVetoes.class);
		this.context.refresh();
		assertThat(this.listeners.test(VETOED)).isTrue();
		assertThat(this.listeners.test(served())).isFalse();
		AnnotationConfigApplicationContext other = new AnnotationConfigApplicationContext(OfAll.class);
		assertThat(new EventListeners(other).test(VETOED)).isTrue();
		assertThat(new EventListeners(other).test(served())).isTrue();
		other.close();
	}

	private static AnswerServedEvent served() {
		return new AnswerServedEvent("default", "p", Outcome.hit("exact_hit", "A hit"), null, 0, BigDecimal.ZERO);
	}

	@Test
	void aListenerThatIsAddedLaterIsSeen() {
		this.context.refresh();
		assertThat(this.listeners.test(VETOED)).isFalse();
		Consumer<AnswerVetoedEvent> nothing = (event) -> {
		};
		this.context.addApplicationListener(ApplicationListener.forPayload(nothing));
		assertThat(this.listeners.test(VETOED)).isTrue();
	}

	@Test
	void aListenerOfThePayloadListens() {
		this.context.registerBean(OfPayloads.class);
		this.context.refresh();
		assertThat(this.listeners.test(VETOED)).isTrue();
		assertThat(this.listeners.test(served())).isFalse();
	}

	@Test
	void aListenerInAContextAboveListens() {
		AnnotationConfigApplicationContext parent = new AnnotationConfigApplicationContext(OfVetoes.class);
		this.context.setParent(parent);
		this.context.refresh();
		assertThat(this.listeners.test(VETOED)).isTrue();
		parent.close();
	}

	@Test
	void aBeanThatIsNotMadeYetListens() {
		this.context.registerBean(OfPayloads.class, (definition) -> definition.setLazyInit(true));
		this.context.refresh();
		assertThat(this.listeners.test(VETOED)).isTrue();
		assertThat(this.listeners.test(served())).isFalse();
	}

	@Test
	void aListenerOfAnyEventListensUnlessItIsOneOfTheFramework() {
		ApplicationListener<ApplicationEvent> any = new OfAny();
		this.context.addApplicationListener(new SourceFilteringListener(this, any));
		this.context.refresh();
		assertThat(this.listeners.test(VETOED)).isFalse();
		this.context.addApplicationListener(any);
		assertThat(this.listeners.test(VETOED)).isTrue();
	}

	@Test
	void somebodyListensIfItCannotBeKnown() {
		this.context.registerBean("applicationEventMulticaster", OwnMulticaster.class);
		this.context.refresh();
		assertThat(this.listeners.test(VETOED)).isTrue();
	}

	static class OfOthers {

		@EventListener
		void happened(String event) {
		}

	}

	static class OfContexts implements ApplicationListener<ContextRefreshedEvent> {

		@Override
		public void onApplicationEvent(ContextRefreshedEvent event) {
		}

	}

	static class OfVetoes {

		@EventListener
		void happened(AnswerVetoedEvent event) {
		}

	}

	static class OfAll {

		@EventListener
		void happened(TokenSavingEvent event) {
		}

	}

	static class OfPayloads implements ApplicationListener<PayloadApplicationEvent<AnswerVetoedEvent>> {

		@Override
		public void onApplicationEvent(PayloadApplicationEvent<AnswerVetoedEvent> event) {
		}

	}

	static class OfAny implements ApplicationListener<ApplicationEvent> {

		@Override
		public void onApplicationEvent(ApplicationEvent event) {
		}

	}

	static class OwnMulticaster extends SimpleApplicationEventMulticaster {

	}

}
