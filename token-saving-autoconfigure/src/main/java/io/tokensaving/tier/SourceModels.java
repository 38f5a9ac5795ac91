package io.tokensaving.tier;

import java.lang.reflect.Field;
import java.util.Collection;
import java.util.List;
import java.util.Objects;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.advisor.ChatModelCallAdvisor;
import org.springframework.ai.chat.client.advisor.ChatModelStreamAdvisor;
import org.springframework.ai.chat.client.advisor.api.Advisor;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.util.ReflectionUtils;

/**
 * Finds the model that a request was made for, whose default options the request carries.
 */
public final class SourceModels {

	private static final @Nullable Field OF_CALL = field(ChatModelCallAdvisor.class);

	private static final @Nullable Field OF_STREAM = field(ChatModelStreamAdvisor.class);

	private SourceModels() {
	}

	private static @Nullable Field field(Class<?> advisor) {
		Field field = ReflectionUtils.findField(advisor, null, ChatModel.class);
		return (field != null && field.trySetAccessible()) ? field : null;
	}

	/**
	 * Find the model of a chat client, which need not be a bean.
	 * @param advisors the advisors of the client, of which Spring AI's own last one holds
	 * the model
	 * @return the model, or {@code null} if none of them holds one
	 */
	public static @Nullable ChatModel of(List<? extends Advisor> advisors) {
		for (int i = advisors.size() - 1; i >= 0; i--) {
			Advisor advisor = advisors.get(i);
			Field field = (advisor instanceof ChatModelCallAdvisor) ? OF_CALL
					: (advisor instanceof ChatModelStreamAdvisor) ? OF_STREAM : null;
			if (field != null) {
				return (ChatModel) ReflectionUtils.getField(field, advisor);
			}
		}
		return null;
	}

	/**
	 * Find the model whose defaults a request carries among several: the one that has
	 * options of the same class, of which the fewest differ from the request.
	 * @param options the options of the request, or {@code null} if it has none
	 * @param models the models
	 * @return the model, the first of several that are as likely; {@code null} if none
	 * has options of the class
	 */
	public static @Nullable ChatModel find(@Nullable ChatOptions options, Collection<? extends ChatModel> models) {
		ChatModel found = null;
		int fewest = Integer.MAX_VALUE;
		for (ChatModel model : models) {
			ChatOptions defaults = model.getOptions();
			if (options != null && defaults.getClass() == options.getClass()) {
				int differences = 0;
				for (OptionProperty property : OptionProperty.of(options.getClass())) {
					differences += Objects.equals(property.read(options), property.read(defaults)) ? 0 : 1;
				}
				if (differences < fewest) {
					found = model;
					fewest = differences;
				}
			}
		}
		return found;
	}

}
