package io.tokensaving.autoconfigure;

import java.util.Collection;
import java.util.ConcurrentModificationException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

import io.tokensaving.event.TokenSavingEvent;

import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.PayloadApplicationEvent;
import org.springframework.context.event.ApplicationEventMulticaster;
import org.springframework.context.event.ApplicationListenerMethodAdapter;
import org.springframework.context.event.GenericApplicationListener;
import org.springframework.context.event.GenericApplicationListenerAdapter;
import org.springframework.context.event.SimpleApplicationEventMulticaster;
import org.springframework.context.support.AbstractApplicationContext;
import org.springframework.core.ResolvableType;

/**
 * Says whether anybody in a context, or in one above it, listens to an event. Listeners
 * of the framework itself that are told of any event do not count. Where it cannot be
 * known, somebody listens. Thread-safe.
 */
final class EventListeners implements Predicate<TokenSavingEvent> {

	private static final ResolvableType ANY = ResolvableType.forClassWithGenerics(PayloadApplicationEvent.class,
			Unknown.class);

	private final ApplicationContext context;

	private volatile Known known = new Known(-1, Map.of());

	EventListeners(ApplicationContext context) {
		this.context = context;
	}

	@Override
	public boolean test(TokenSavingEvent event) {
		int listeners = count();
		Known known = this.known;
		Boolean heard = (known.listeners() == listeners) ? known.heard().get(event.getClass()) : null;
		return (heard != null) ? heard : look(event.getClass(), listeners);
	}

	// Listeners are only added, but for some rare ones that leave again
	private int count() {
		int count = 0;
		for (ApplicationContext at = this.context; at != null; at = at.getParent()) {
			count += (at instanceof AbstractApplicationContext found) ? found.getApplicationListeners().size() : 0;
		}
		return count;
	}

	private boolean look(Class<?> event, int listeners) {
		ResolvableType type = ResolvableType.forClassWithGenerics(PayloadApplicationEvent.class, event);
		boolean heard = false;
		for (ApplicationContext at = this.context; at != null && !heard; at = at.getParent()) {
			heard = isHeardIn(at, type);
		}
		synchronized (this) {
			Map<Class<?>, Boolean> all = new HashMap<>(
					(this.known.listeners() == listeners) ? this.known.heard() : Map.of());
			all.put(event, heard);
			this.known = new Known(listeners, Map.copyOf(all));
		}
		return heard;
	}

	private static boolean isHeardIn(ApplicationContext context, ResolvableType type) {
		if (!(context instanceof AbstractApplicationContext known) || !isUsual(known)) {
			return true;
		}
		Collection<ApplicationListener<?>> listeners;
		try {
			listeners = List.copyOf(known.getApplicationListeners());
		}
		catch (ConcurrentModificationException ex) {
			return true;
		}
		return listeners.stream().anyMatch((listener) -> hears(listener, type)) || isHeardByBean(known, type);
	}

	// Another one may have listeners that the context does not know
	private static boolean isUsual(AbstractApplicationContext context) {
		Object multicaster = context.getBeanFactory()
			.getSingleton(AbstractApplicationContext.APPLICATION_EVENT_MULTICASTER_BEAN_NAME);
		return !(multicaster instanceof ApplicationEventMulticaster)
				|| multicaster.getClass() == SimpleApplicationEventMulticaster.class;
	}

	private static boolean hears(ApplicationListener<?> listener, ResolvableType type) {
		GenericApplicationListener generic = (listener instanceof GenericApplicationListener given) ? given
				: new GenericApplicationListenerAdapter(listener);
		return generic.supportsEventType(type) && !(isOfFramework(listener) && generic.supportsEventType(ANY));
	}

	private static boolean isOfFramework(ApplicationListener<?> listener) {
		Class<?> type = listener.getClass();
		return type.getName().startsWith("org.springframework.") && !type.isHidden()
				&& !(listener instanceof ApplicationListenerMethodAdapter);
	}

	// Of a bean that is made when it is needed, the context has the name only
	private static boolean isHeardByBean(ConfigurableApplicationContext context, ResolvableType type) {
		for (String name : context.getBeanNamesForType(ApplicationListener.class, true, false)) {
			if (!context.getBeanFactory().containsSingleton(name)) {
				Class<?> bean = context.getType(name, false);
				ResolvableType heard = (bean != null)
						? ResolvableType.forClass(bean).as(ApplicationListener.class).getGeneric()
						: ResolvableType.NONE;
				if (heard == ResolvableType.NONE || heard.isAssignableFrom(type)) {
					return true;
				}
			}
		}
		return false;
	}

	/**
	 * What is known of a number of listeners.
	 *
	 * @param listeners how many there were
	 * @param heard whether they listen, by the type of the event
	 */
	private record Known(int listeners, Map<Class<?>, Boolean> heard) {

	}

	/**
	 * An event of which nobody knows.
	 */
	private interface Unknown {

	}

}
