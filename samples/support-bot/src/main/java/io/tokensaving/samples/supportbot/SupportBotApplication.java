package io.tokensaving.samples.supportbot;

import io.tokensaving.samples.supportbot.conversation.Conversation;
import io.tokensaving.samples.supportbot.replay.ReplayOptions;

import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.DefaultApplicationArguments;
import org.springframework.boot.ExitCodeGenerator;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * The support bot. Without arguments it replays its own questions once and stays up; with
 * {@code --replay=FILE} it replays those of the file and ends, with
 * {@code --conversation=FILE} it asks questions about the conversations of the file and
 * ends.
 */
@SpringBootApplication
public class SupportBotApplication {

	/**
	 * The exit code if an argument is not accepted.
	 */
	public static final int EXIT_CODE_BAD_ARGUMENT = 2;

	public static void main(String[] args) {
		ApplicationArguments arguments = new DefaultApplicationArguments(args);
		boolean stay;
		try {
			boolean conversation = !Conversation.parse(arguments).isEmpty();
			stay = conversation ? arguments.containsOption("stay") : ReplayOptions.parse(arguments).stay();
		}
		catch (IllegalArgumentException ex) {
			System.err.println(ex.getMessage());
			System.exit(EXIT_CODE_BAD_ARGUMENT);
			return;
		}
		ConfigurableApplicationContext context = SpringApplication.run(SupportBotApplication.class, args);
		// Which plans there are is known by now only
		boolean refused = context.getBeanProvider(ExitCodeGenerator.class)
			.stream()
			.anyMatch((generator) -> generator.getExitCode() != 0);
		if (!stay || refused) {
			System.exit(SpringApplication.exit(context));
		}
	}

}
