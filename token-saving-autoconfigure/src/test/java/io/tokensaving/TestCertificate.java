package io.tokensaving;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;

/**
 * A self-signed certificate for localhost, in files of the PEM format.
 */
public final class TestCertificate {

	private static final String PASSWORD = "changeit";

	private final Path directory;

	private TestCertificate(Path directory) {
		this.directory = directory;
	}

	public static TestCertificate create() {
		try {
			Path directory = Files.createTempDirectory("token-saving-certificate");
			Path store = directory.resolve("store.p12");
			Process keytool = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
					"-genkeypair", "-alias", "test", "-keyalg", "RSA", "-dname", "CN=localhost", "-ext",
					"san=ip:127.0.0.1,dns:localhost", "-storetype", "PKCS12", "-keystore", store.toString(),
					"-storepass", PASSWORD)
				.redirectErrorStream(true)
				.start();
			String output = new String(keytool.getInputStream().readAllBytes());
			if (keytool.waitFor() != 0) {
				throw new IllegalStateException(output);
			}
			KeyStore keys = KeyStore.getInstance("PKCS12");
			try (InputStream in = Files.newInputStream(store)) {
				keys.load(in, PASSWORD.toCharArray());
			}
			TestCertificate certificate = new TestCertificate(directory);
			write(certificate.certificateFile(), "CERTIFICATE", keys.getCertificate("test").getEncoded());
			write(certificate.keyFile(), "PRIVATE KEY", keys.getKey("test", PASSWORD.toCharArray()).getEncoded());
			return certificate;
		}
		catch (IOException | GeneralSecurityException | InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static void write(String file, String type, byte[] bytes) throws IOException {
		Files.writeString(Path.of(file), "-----BEGIN %s-----%n%s%n-----END %s-----%n".formatted(type,
				Base64.getMimeEncoder(64, new byte[] { '\n' }).encodeToString(bytes), type));
	}

	/**
	 * Write a file beside those of the certificate.
	 * @param name the name of the file
	 * @param content its content
	 * @return its path
	 */
	public String file(String name, String content) {
		try {
			return Files.writeString(this.directory.resolve(name), content).toString();
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

	public String certificateFile() {
		return this.directory.resolve("certificate.pem").toString();
	}

	public String keyFile() {
		return this.directory.resolve("key.pem").toString();
	}

}
