package io.tokensaving.samples.gateway.upstream;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

class UpstreamSecretTests {

	private final AtomicLong time = new AtomicLong();

	private void afterASecond() {
		this.time.addAndGet(Duration.ofSeconds(1).toNanos());
	}

	@Test
	void readsTheFileAgainWhenItIsReplaced(@TempDir Path directory) throws Exception {
		Path first = Files.createDirectory(directory.resolve("v1"));
		Path second = Files.createDirectory(directory.resolve("v2"));
		Files.writeString(first.resolve("key"), "key-1\n");
		Files.writeString(second.resolve("key"), "key-2\n");
		// As Kubernetes mounts a secret: a link to a directory is replaced
		Path link = Files.createSymbolicLink(directory.resolve("data"), first);
		UpstreamSecret secret = UpstreamSecret.of("p", link.resolve("key"), this.time::get);
		assertThat(secret.value()).isEqualTo("key-1");
		Path next = Files.createSymbolicLink(directory.resolve("data.tmp"), second);
		Files.move(next, link, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
		assertThat(secret.value()).isEqualTo("key-1");
		afterASecond();
		assertThat(secret.value()).isEqualTo("key-2");
	}

	@Test
	void keepsTheKeyWhileTheFileIsAwayOrEmpty(@TempDir Path directory) throws Exception {
		Path file = Files.writeString(directory.resolve("key"), "key-1");
		UpstreamSecret secret = UpstreamSecret.of("p", file, this.time::get);
		Files.delete(file);
		afterASecond();
		assertThat(secret.value()).isEqualTo("key-1");
		Files.writeString(file, "");
		afterASecond();
		assertThat(secret.value()).isEqualTo("key-1");
		Files.writeString(file, "a longer key".replace(' ', '-'));
		afterASecond();
		assertThat(secret.value()).isEqualTo("a-longer-key");
	}

	@Test
	void neverShowsItself() {
		assertThat(UpstreamSecret.of("p", "key-1")).hasToString("UpstreamSecret[p]");
		assertThatIllegalArgumentException().isThrownBy(() -> UpstreamSecret.of("p", "key-1\nkey-2"))
			.withMessageNotContaining("key-1");
		assertThat(UpstreamSecret.of("p", "  ").value()).isNull();
	}

}
