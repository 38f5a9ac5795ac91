package io.tokensaving.promptcache.injector;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

import io.tokensaving.promptcache.CacheInjection;
import io.tokensaving.promptcache.CacheTarget;
import io.tokensaving.promptcache.CacheTtl;
import io.tokensaving.promptcache.PromptCacheInjector;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.util.ReflectionUtils;
import org.springframework.util.StringUtils;

/**
 * Sets the cache points of Spring AI's model for Amazon Bedrock by reflection, because
 * its classes need not be there. One strategy marks tools and system text, another the
 * last question; they exclude each other.
 */
final class BedrockInjector implements PromptCacheInjector {

	static final String OPTIONS = "org.springframework.ai.bedrock.converse.BedrockChatOptions";

	private static final String API = "org.springframework.ai.bedrock.converse.api.";

	private static final long FIVE_MINUTES = 300;

	private final ConcurrentMap<Class<?>, Boolean> supported = new ConcurrentHashMap<>();

	@Override
	public boolean supports(ChatOptions options) {
		return options.getClass().getName().equals(OPTIONS)
				&& this.supported.computeIfAbsent(options.getClass(), BedrockInjector::hasCacheOptions);
	}

	// The first versions of the model had none
	private static boolean hasCacheOptions(Class<?> type) {
		return ReflectionUtils.findMethod(type, "getCacheOptions") != null;
	}

	@Override
	public CacheTarget target(ChatOptions options, List<Message> messages) {
		Object cache = read(options, "getCacheOptions");
		Object strategy = (cache != null) ? read(cache, "getStrategy") : null;
		boolean managed = strategy != null && !strategy.toString().equals("NONE");
		return new CacheTarget("bedrock", "", managed, List.of(), List.of());
	}

	// The point stands behind text and media of the last question
	@Override
	public boolean isMarkable(List<Message> messages, int index) {
		if (!(messages.get(index) instanceof UserMessage user) || !StringUtils.hasText(user.getText())) {
			return false;
		}
		return messages.subList(index + 1, messages.size()).stream().noneMatch(UserMessage.class::isInstance);
	}

	@Override
	public Injected inject(ChatOptions options, CacheInjection injection) {
		String strategy = strategy(options, injection);
		if (strategy == null) {
			return new Injected(options, false);
		}
		ClassLoader loader = options.getClass().getClassLoader();
		Object builder = callStatic(load(API + "BedrockCacheOptions", loader), "builder");
		call(builder, "strategy", constant(load(API + "BedrockCacheStrategy", loader), strategy));
		if (longest(injection).duration().toSeconds() > FIVE_MINUTES) {
			call(builder, "ttl", constant(load(API + "BedrockCacheTtl", loader), "ONE_HOUR"));
		}
		Object copy = call(options, "mutate");
		call(copy, "cacheOptions", call(builder, "build"));
		return new Injected((ChatOptions) call(copy, "build"), true);
	}

	private static @Nullable String strategy(ChatOptions options, CacheInjection injection) {
		if (!injection.behindMessages().isEmpty()) {
			return "CONVERSATION_HISTORY";
		}
		boolean tools = injection.tools() != null && !isNova(options.getModel());
		if (injection.system() != null) {
			return tools ? "SYSTEM_AND_TOOLS" : "SYSTEM_ONLY";
		}
		return tools ? "TOOLS_ONLY" : null;
	}

	// Amazon's own models reject a point behind tools
	private static boolean isNova(@Nullable String model) {
		return model != null && model.toLowerCase(Locale.ROOT).contains("nova");
	}

	private static CacheTtl longest(CacheInjection injection) {
		CacheTtl longest = (injection.system() != null) ? injection.system() : injection.tools();
		for (CacheTtl ttl : injection.behindMessages().values()) {
			longest = (longest == null || ttl.duration().compareTo(longest.duration()) > 0) ? ttl : longest;
		}
		if (longest == null) {
			throw new IllegalStateException("There is no mark");
		}
		return longest;
	}

	private static Class<?> load(String name, ClassLoader loader) {
		try {
			return Class.forName(name, true, loader);
		}
		catch (ClassNotFoundException ex) {
			throw new IllegalStateException("There is no class " + name, ex);
		}
	}

	private static Object constant(Class<?> type, String name) {
		for (Object constant : type.getEnumConstants()) {
			if (constant.toString().equals(name)) {
				return constant;
			}
		}
		throw new IllegalStateException(type.getName() + " has no constant " + name);
	}

	private static Object callStatic(Class<?> type, String name) {
		Method method = ReflectionUtils.findMethod(type, name);
		Object result = (method != null) ? invoke(method, null) : null;
		if (result == null) {
			throw new IllegalStateException(type.getName() + " has no " + name + "()");
		}
		return result;
	}

	private static @Nullable Object read(Object target, String name) {
		Method method = ReflectionUtils.findMethod(target.getClass(), name);
		return (method != null) ? invoke(method, target) : null;
	}

	private static Object call(Object target, String name) {
		Object result = read(target, name);
		if (result == null) {
			throw new IllegalStateException(target.getClass().getName() + " has no " + name + "()");
		}
		return result;
	}

	private static void call(Object target, String name, Object argument) {
		for (Method method : target.getClass().getMethods()) {
			if (method.getName().equals(name) && method.getParameterCount() == 1
					&& method.getParameterTypes()[0].isInstance(argument)) {
				invoke(method, target, argument);
				return;
			}
		}
		throw new IllegalStateException(target.getClass().getName() + " has no method " + name);
	}

	private static @Nullable Object invoke(Method method, @Nullable Object target, Object... arguments) {
		try {
			method.trySetAccessible();
			return method.invoke(target, arguments);
		}
		catch (IllegalAccessException | InvocationTargetException ex) {
			throw new IllegalStateException("Calling " + method + " has failed", ex);
		}
	}

	@Override
	public boolean isRejection(Throwable failure) {
		return Rejections.isBadRequest(failure,
				"software.amazon.awssdk.services.bedrockruntime.model.ValidationException");
	}

}
