package io.tokensaving.samples.supportbot;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

import io.tokensaving.samples.supportbot.batch.BatchOptions;
import io.tokensaving.samples.supportbot.conversation.Conversation;
import io.tokensaving.samples.supportbot.replay.ReplayOptions;

import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.DefaultApplicationArguments;
import org.springframework.boot.ExitCodeGenerator;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.util.FileSystemUtils;

/**
 * The support bot. Without arguments it replays its own questions once and stays up; with
 * {@code --replay=FILE} it replays those of the file and ends, with
 * {@code --conversation=FILE} it asks questions about the conversations of the file and
 * ends, with {@code --batch} or {@code --batch=FILE} it classifies questions by batch and
 * ends.
 */
@SpringBootApplication
public class SupportBotApplication {

	/**
	 * The exit code if an argument is not accepted.
	 */
	public static final int EXIT_CODE_BAD_ARGUMENT = 2;

	public static void main(String[] args) throws IOException {
		ApplicationArguments arguments = new DefaultApplicationArguments(args);
		boolean stay;
		BatchOptions batch;
		try {
			boolean conversation = !Conversation.parse(arguments).isEmpty();
			batch = BatchOptions.parse(arguments);
			stay = (conversation || batch != null) ? arguments.containsOption("stay")
					: ReplayOptions.parse(arguments).stay();
		}
		catch (IllegalArgumentException ex) {
			System.err.println(ex.getMessage());
			System.exit(EXIT_CODE_BAD_ARGUMENT);
			return;
		}
		SpringApplication application = new SpringApplication(SupportBotApplication.class);
		Path temporary = null;
		if (batch != null) {
			application.setAdditionalProfiles(BatchOptions.ARGUMENT);
			if (batch.simulator() == null) {
				// There is nothing to go on with once the simulator is gone with this
				// process
				temporary = Files.createTempDirectory("support-bot-batch");
				application.setDefaultProperties(Map.of("token-saving.batch.directory", (Object) temporary.toString()));
			}
		}
		ConfigurableApplicationContext context = application.run(args);
		// Which plans there are is known by now only
		boolean refused = context.getBeanProvider(ExitCodeGenerator.class)
			.stream()
			.anyMatch((generator) -> generator.getExitCode() != 0);
		if (!stay || refused) {
			int code = SpringApplication.exit(context);
			FileSystemUtils.deleteRecursively(temporary);
			System.exit(code);
		}
	}

}
