"""What one worker knows reaches the others, once."""

from addon.workers.news import News

ONE, OTHER = ("home", ""), ("home", "redis://elsewhere")


def test_everybody_else_is_told_once() -> None:
    news = News()
    news.add("first", ONE, {"a": "1"})
    news.add("second", ONE, {"b": "2"})
    assert news.take("first", ONE) == {"b": "2"}
    assert news.take("first", ONE) == {}
    assert news.take("second", ONE) == {"a": "1"}


def test_who_comes_later_is_told_what_is_remembered() -> None:
    news = News(most_chars=25)
    for number in range(4):
        news.add("first", ONE, {str(number): "x" * 10})
    assert set(news.take("late", ONE)) == {"2", "3"}
    news.add("first", ONE, {"4": "x" * 10})
    assert set(news.take("late", ONE)) == {"4"}
    news.forget("late")
    assert set(news.take("late", ONE)) == {"3", "4"}


def test_what_is_on_record_in_another_store_is_no_news_for_this_one() -> None:
    news = News()
    news.add("first", OTHER, {"a": "1"})
    assert news.take("second", ONE) == {}
