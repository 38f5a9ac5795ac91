package io.tokensaving.material.parts;

import java.util.BitSet;
import java.util.Random;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link LogDivider}, {@link DiffDivider}, {@link TableDivider} and JSON Lines.
 */
class LineDividersTests {

	private static final String TRACE = """
			2024-05-01 12:00:07.123 ERROR [main] a.b.Orders - Order 7 failed
			java.lang.IllegalStateException: no stock for sku A-3
				at com.shop.Stock.take(Stock.java:42)
				at com.shop.Orders.place(Orders.java:17)
				at com.shop.Orders.lambda$run$0(Orders.java:9)
				at java.base/java.util.ArrayList.forEach(ArrayList.java:1596)
				at org.springframework.aop.Proxy.invoke(Proxy.java:10)
				at org.springframework.aop.Proxy.proceed(Proxy.java:20)
				at com.shop.Main.main(Main.java:5)
			Caused by: java.sql.SQLException: deadlock
				at com.shop.Db.query(Db.java:1)
				at com.shop.Db.open(Db.java:2)
				at com.shop.Db.close(Db.java:3)
				at com.mysql.Driver.a(Driver.java:1)
				... 12 more
			""";

	private static String log() {
		StringBuilder log = new StringBuilder();
		for (int i = 0; i < 60; i++) {
			log.append("2024-05-01 12:00:0")
				.append(i % 10)
				.append(".123 INFO  [http-")
				.append(i)
				.append("] a.b.Web - GET /orders/")
				.append(1000 + i)
				.append(" took ")
				.append(i)
				.append(" ms\n");
			if (i == 30) {
				log.append("2024-05-01 12:00:07.001 WARN  [main] a.b.Stock - sku A-3 is low\n").append(TRACE);
			}
		}
		return log.toString();
	}

	@Test
	void countsTheLinesOfATemplateAndKeepsThoseThatDiffer() {
		DividedText divided = Dividers.divide(log());
		assertThat(divided.kind()).isEqualTo(ContentKind.LOG);
		DividedTextAssert.check(divided, (text) -> true, new Random(1));
		BitSet kept = new BitSet();
		for (int i = 0; i < divided.parts().size(); i++) {
			kept.set(i, divided.content(i).contains("sku A-3") || divided.parts().get(i).weight() > 1.1);
		}
		assertThat(divided.render(kept)).isEqualTo("""
				… 31 lines left out: 31 × INFO [#] a.b.Web - GET /orders/# took # ms
				2024-05-01 12:00:07.001 WARN  [main] a.b.Stock - sku A-3 is low
				2024-05-01 12:00:07.123 ERROR [main] a.b.Orders - Order 7 failed
				java.lang.IllegalStateException: no stock for sku A-3
					at com.shop.Stock.take(Stock.java:42)
					at com.shop.Orders.place(Orders.java:17)
					at com.shop.Orders.lambda$run$0(Orders.java:9)
				\t… 4 frames left out
				Caused by: java.sql.SQLException: deadlock
					at com.shop.Db.query(Db.java:1)
					at com.shop.Db.open(Db.java:2)
					at com.shop.Db.close(Db.java:3)
				\t… 2 frames left out
				… 29 lines left out: 29 × INFO [#] a.b.Web - GET /orders/# took # ms
				""");
	}

	@Test
	void findsOwnFramesAmongThoseOfLibraries() {
		DividedText divided = Dividers.divide(TRACE);
		assertThat(divided.kind()).isEqualTo(ContentKind.LOG);
		assertThat(divided.parts()
			.stream()
			.filter((part) -> part.kind() == Part.Kind.FRAMES)
			.map((part) -> divided.text().substring(part.start(), part.end()).lines().count() + " " + part.weight()))
			.containsExactly("3 1.2", "3 0.3", "1 0.9", "3 1.2", "1 0.9", "1 0.3");
	}

	@Test
	void dividesATracebackOfPython() {
		DividedText divided = Dividers.divide("""
				Traceback (most recent call last):
				  File "/app/main.py", line 10, in <module>
				    main()
				  File "/app/main.py", line 7, in main
				    run(order)
				  File "/usr/lib/python3/site-packages/x.py", line 1, in run
				    raise ValueError(order)
				ValueError: no such order
				""");
		assertThat(divided.kind()).isEqualTo(ContentKind.LOG);
		assertThat(divided.parts().stream().map(Part::kind)).containsExactly(Part.Kind.TRACE, Part.Kind.FRAMES,
				Part.Kind.LINE);
	}

	@Test
	void dividesADiffIntoFilesAndHunks() {
		StringBuilder diff = new StringBuilder("commit 123\n\n");
		for (String file : new String[] { "src/A.java", "src/B.java" }) {
			diff.append("diff --git a/")
				.append(file)
				.append(" b/")
				.append(file)
				.append("\nindex 1..2 100644\n--- a/")
				.append(file)
				.append("\n+++ b/")
				.append(file)
				.append('\n');
			for (int i = 0; i < 3; i++) {
				diff.append("@@ -")
					.append(i)
					.append("0,3 +1,3 @@ void method")
					.append(i)
					.append("() {\n a\n-old line number ")
					.append(i)
					.append("\n+new line number ")
					.append(i)
					.append("\n b\n\n c\n");
			}
		}
		DividedText divided = Dividers.divide(diff.toString());
		assertThat(divided.kind()).isEqualTo(ContentKind.DIFF);
		DividedTextAssert.check(divided, (text) -> true, new Random(1));
		BitSet kept = new BitSet();
		for (int i = 0; i < divided.parts().size(); i++) {
			kept.set(i, divided.path(i).equals("src/B.java > void method1() {"));
		}
		assertThat(divided.render(kept)).isEqualTo("""
				commit 123

				… 1 file left out (25 lines): src/A.java
				diff --git a/src/B.java b/src/B.java
				index 1..2 100644
				--- a/src/B.java
				+++ b/src/B.java
				… 1 hunk left out (7 lines): void method0() {
				@@ -10,3 +1,3 @@ void method1() {
				 a
				-old line number 1
				+new line number 1
				 b

				 c
				… 1 hunk left out (7 lines): void method2() {
				""");
	}

	@Test
	void keepsTheHeaderOfATableWithItsRows() {
		StringBuilder csv = new StringBuilder("id,name,city\r\n");
		for (int i = 0; i < 30; i++) {
			csv.append(i).append(",\"Name, the\n").append(i).append("th\",Ulm on the Danube\r\n");
		}
		DividedText divided = Dividers.divide(csv.toString());
		assertThat(divided.kind()).isEqualTo(ContentKind.TABLE);
		DividedTextAssert.check(divided, (text) -> text.startsWith("id,name,city"), new Random(1));
		BitSet kept = new BitSet();
		kept.set(8);
		assertThat(divided.render(kept)).isEqualTo("id,name,city\r\n… 7 rows left out,,\r\n"
				+ "7,\"Name, the\n7th\",Ulm on the Danube\r\n… 22 rows left out,,\r\n");
		assertThat(Dividers.divide("Hello, you\nGood, you\nWell, now\nBye, then\nYes, so\n").kind())
			.isEqualTo(ContentKind.PROSE);
	}

	@Test
	void dividesJsonLines() {
		StringBuilder lines = new StringBuilder();
		for (int i = 0; i < 20; i++) {
			lines.append("{\"id\": ").append(i).append(", \"event\": \"something happened\"}\n");
		}
		DividedText divided = Dividers.divide(lines.toString());
		assertThat(divided.kind()).isEqualTo(ContentKind.JSON_LINES);
		DividedTextAssert.check(divided, (text) -> text.lines().allMatch(JsonDividerTests::parses), new Random(1));
		BitSet kept = new BitSet();
		kept.set(7);
		assertThat(divided.render(kept)).isEqualTo("""
				{"…":"7 records left out"}
				{"id": 7, "event": "something happened"}
				{"…":"12 records left out"}
				""");
	}

	@Test
	void exactRepetitionsOfALineAreOnePart() {
		DividedText divided = Dividers.divide("12:00:01 INFO a starts\n"
				+ "12:00:02 WARN a is retried because of b\n".repeat(50) + "12:00:03 INFO a is done\n");
		assertThat(divided.parts()).hasSize(4);
		BitSet kept = new BitSet();
		kept.set(0, 2);
		kept.set(3);
		assertThat(divided.render(kept)).isEqualTo("""
				12:00:01 INFO a starts
				12:00:02 WARN a is retried because of b
				… 49 lines left out: 49 × WARN a is retried because of b
				12:00:03 INFO a is done
				""");
	}

}
